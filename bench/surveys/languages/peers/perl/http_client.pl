# POSTs each line of hex from standard input, and prints each reply as one.

use strict;
use warnings;
use HTTP::Tiny;

$| = 1;
my $http = HTTP::Tiny->new();
while (my $line = <STDIN>) {
    chomp $line;
    my $reply = $http->post($ARGV[0], { content => pack("H*", $line) });
    die "$reply->{status} $reply->{reason}: $reply->{content}" unless $reply->{success};
    print unpack("H*", $reply->{content}), "\n";
}
