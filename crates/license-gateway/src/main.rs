//! license-gateway, the program.

fn main() {}
