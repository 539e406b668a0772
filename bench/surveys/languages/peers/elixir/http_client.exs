# POSTs each line of hex from standard input, and prints each reply as one.

{:ok, _} = Application.ensure_all_started(:inets)
[url] = System.argv()

for line <- IO.stream(:stdio, :line) do
  body = Base.decode16!(String.trim(line), case: :lower)
  request = {to_charlist(url), [], 'application/octet-stream', body}
  {:ok, {{_, 200, _}, _, reply}} = :httpc.request(:post, request, [], body_format: :binary)
  IO.puts(Base.encode16(reply, case: :lower))
end
