% REQ: sends each line of hex from standard input, and prints each reply as one.

pkg load zeromq
socket = zmq_socket(ZMQ_REQ);
zmq_connect(socket, argv(){1});
line = fgetl(stdin);
while ischar(line)
  request = uint8(sscanf(line, "%2x")');
  zmq_send(socket, request);
  reply = zmq_recv(socket, 1048576, 0);
  printf("%s\n", sprintf("%02x", reply));
  fflush(stdout);
  line = fgetl(stdin);
endwhile
zmq_close(socket);
