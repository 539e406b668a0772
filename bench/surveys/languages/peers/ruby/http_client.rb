# POSTs each line of hex from standard input, and prints each reply as one.

require "net/http"

$stdout.sync = true
url = URI(ARGV[0])
while (line = $stdin.gets)
  reply = Net::HTTP.post(url, [line.chomp].pack("H*"))
  abort reply.inspect unless reply.is_a?(Net::HTTPSuccess)
  puts reply.body.unpack1("H*")
end
