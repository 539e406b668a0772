// REQ: sends each line of hex from standard input, and prints each reply as one.

use std::io::{self, BufRead};

fn main() {
    let address = std::env::args().nth(1).expect("an address");
    let context = zmq::Context::new();
    let socket = context.socket(zmq::REQ).expect("socket");
    socket.connect(&address).expect("connect");
    for line in io::stdin().lock().lines() {
        let line = line.expect("a line");
        let request: Vec<u8> = (0..line.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&line[i..i + 2], 16).expect("hex"))
            .collect();
        socket.send(request, 0).expect("send");
        let reply = socket.recv_bytes(0).expect("recv");
        let hex: String = reply.iter().map(|byte| format!("{byte:02x}")).collect();
        println!("{hex}");
    }
}
