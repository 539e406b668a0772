<?php
// Answers each POST with its body, last byte first; run by PHP's built-in web server.

header("Content-Type: application/octet-stream");
echo strrev(file_get_contents("php://input"));
