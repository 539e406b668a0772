# Answers each POST with its body, last byte first, on the port it is given.

defmodule Reverse do
  require Record
  Record.defrecord(:mod, Record.extract(:mod, from_lib: "inets/include/httpd.hrl"))

  def unquote(:do)(request) do
    reply = request |> mod(:entity_body) |> :binary.list_to_bin() |> :binary.bin_to_list()
    reply = Enum.reverse(reply)
    head = [code: 200, content_length: to_charlist(length(reply))]
    {:proceed, [response: {:response, head, reply}]}
  end
end

{:ok, _} = Application.ensure_all_started(:inets)
[port] = System.argv()

{:ok, _} =
  :inets.start(:httpd,
    port: String.to_integer(port),
    bind_address: {127, 0, 0, 1},
    server_name: 'localhost',
    server_root: '.',
    document_root: '.',
    modules: [Reverse]
  )

Process.sleep(:infinity)
