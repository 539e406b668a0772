# REQ: sends each line of hex from standard input, and prints each reply as one.

use strict;
use warnings;
use ZMQ::FFI qw(ZMQ_REQ);

$| = 1;
my $context = ZMQ::FFI->new();
my $socket = $context->socket(ZMQ_REQ);
$socket->connect($ARGV[0]);
while (my $line = <STDIN>) {
    chomp $line;
    $socket->send(pack("H*", $line));
    print unpack("H*", $socket->recv()), "\n";
}
