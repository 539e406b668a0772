<?php
// POSTs each line of hex from standard input, and prints each reply as one.

while (($line = fgets(STDIN)) !== false) {
    $request = [
        "method" => "POST",
        "header" => "Content-Type: application/octet-stream",
        "content" => hex2bin(trim($line)),
    ];
    $reply = file_get_contents($argv[1], false, stream_context_create(["http" => $request]));
    if ($reply === false) {
        exit(1);
    }
    echo bin2hex($reply), "\n";
}
