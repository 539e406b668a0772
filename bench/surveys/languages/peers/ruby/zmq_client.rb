# REQ: sends each line of hex from standard input, and prints each reply as one.

require "ffi-rzmq"

$stdout.sync = true
context = ZMQ::Context.new
socket = context.socket(ZMQ::REQ)
abort ZMQ::Util.error_string unless ZMQ::Util.resultcode_ok?(socket.connect(ARGV[0]))
while (line = $stdin.gets)
  abort ZMQ::Util.error_string if socket.send_string([line.chomp].pack("H*")).negative?
  reply = String.new
  abort ZMQ::Util.error_string if socket.recv_string(reply).negative?
  puts reply.unpack1("H*")
end
socket.close
context.terminate
