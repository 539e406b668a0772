%% Answers each POST with its body, last byte first, on the port it is given.
-module(http_server).
-include_lib("inets/include/httpd.hrl").
-export([start/0, do/1]).

start() ->
    [Port] = init:get_plain_arguments(),
    {ok, _} = application:ensure_all_started(inets),
    {ok, _} = inets:start(httpd, [
        {port, list_to_integer(Port)},
        {bind_address, {127, 0, 0, 1}},
        {server_name, "localhost"},
        {server_root, "."},
        {document_root, "."},
        {modules, [?MODULE]}
    ]).

do(#mod{entity_body = Body}) ->
    Reply = lists:reverse(unicode:characters_to_list(Body, latin1)),
    Length = integer_to_list(length(Reply)),
    {proceed, [{response, {response, [{code, 200}, {content_length, Length}], Reply}}]}.
