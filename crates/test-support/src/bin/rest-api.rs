//! Serves the loopback API until its standard input ends: for recipes that run dlt against it.
#![expect(clippy::print_stdout, reason = "the address is the output")]

fn main() {
    let server = cartage_test_support::RestServer::start();
    println!("{}", server.url());
    let mut line = String::new();
    while std::io::stdin().read_line(&mut line).is_ok_and(|count| count > 0) {}
}
