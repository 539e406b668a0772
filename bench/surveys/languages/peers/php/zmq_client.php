<?php
// REQ: sends each line of hex from standard input, and prints each reply as one.

$socket = new ZMQSocket(new ZMQContext(), ZMQ::SOCKET_REQ);
$socket->connect($argv[1]);
while (($line = fgets(STDIN)) !== false) {
    $socket->send(hex2bin(trim($line)));
    echo bin2hex($socket->recv()), "\n";
}
