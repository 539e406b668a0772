#!/usr/bin/env escript
%% POSTs each line of hex from standard input, and prints each reply as one.

main([Url]) ->
    {ok, _} = application:ensure_all_started(inets),
    ask(Url, io:get_line("")).

ask(_, eof) ->
    ok;
ask(Url, Line) ->
    Body = binary:decode_hex(list_to_binary(string:trim(Line))),
    Request = {Url, [], "application/octet-stream", Body},
    {ok, {{_, 200, _}, _, Reply}} =
        httpc:request(post, Request, [], [{body_format, binary}]),
    io:format("~s~n", [string:lowercase(binary:encode_hex(Reply))]),
    ask(Url, io:get_line("")).
