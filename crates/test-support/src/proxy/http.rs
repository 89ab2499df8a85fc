//! Answers some requests in the place of a server, and passes on the rest.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What the proxy answers instead of the server.
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    /// The HTTP status code of the answer.
    pub status: u16,
    /// The code in the body, as S3 has it: `SlowDown`, `QuotaExceeded`, ...
    pub code: &'static str,
}

/// Which request is refused, by method, path and the number of the request.
type Rule = dyn Fn(&str, &str, usize) -> Option<Refusal> + Send + Sync;

/// An HTTP proxy in front of a server on loopback.
#[derive(Debug)]
pub struct HttpProxy {
    port: u16,
    refused: Arc<AtomicUsize>,
}

impl HttpProxy {
    /// In front of the server at `address` (`127.0.0.1:5555`), with a rule that says what is refused.
    ///
    /// # Panics
    /// If there is no port to listen on.
    pub fn start(
        address: &str,
        rule: impl Fn(&str, &str, usize) -> Option<Refusal> + Send + Sync + 'static,
    ) -> Self {
        Self::new(address, Arc::new(rule), false)
    }

    /// The same, but the server gets what is refused: only its answer is lost.
    ///
    /// # Panics
    /// If there is no port to listen on.
    pub fn forgetful(
        address: &str,
        rule: impl Fn(&str, &str, usize) -> Option<Refusal> + Send + Sync + 'static,
    ) -> Self {
        Self::new(address, Arc::new(rule), true)
    }

    fn new(address: &str, rule: Arc<Rule>, forgets: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of loopback");
        let port = listener.local_addr().expect("it listens").port();
        let refused = Arc::new(AtomicUsize::new(0));
        let (address, seen) = (address.to_owned(), AtomicUsize::new(0));
        let server = Arc::new(Server { address, rule, forgets, seen, refused: Arc::clone(&refused) });
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = Arc::clone(&server);
                // A client that hangs up is none of the proxy's business.
                thread::spawn(move || server.serve(client).ok());
            }
        });
        Self { port, refused }
    }

    /// `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How many requests were refused.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }
}

/// What the threads of connections share.
struct Server {
    address: String,
    rule: Arc<Rule>,
    /// Whether the server behind gets what is refused.
    forgets: bool,
    /// Requests so far.
    seen: AtomicUsize,
    refused: Arc<AtomicUsize>,
}

impl Server {
    /// One request; connections are not kept, which keeps both sides simple.
    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(client.try_clone()?);
        let Some(head) = Head::read(&mut reader)? else { return Ok(()) };
        let mut body = vec![0; head.length];
        reader.read_exact(&mut body)?;
        let number = self.seen.fetch_add(1, Ordering::SeqCst);
        let refusal = (self.rule)(&head.method, &head.path, number);
        if refusal.is_some() {
            self.refused.fetch_add(1, Ordering::SeqCst);
        }
        if let Some(refusal) = refusal.filter(|_| !self.forgets) {
            return answer(&mut client, refusal);
        }
        let mut server = TcpStream::connect(&self.address)?;
        server.write_all(head.text.as_bytes())?;
        server.write_all(&body)?;
        match refusal {
            Some(refusal) => {
                io::copy(&mut server, &mut io::sink())?;
                answer(&mut client, refusal)
            }
            None => io::copy(&mut server, &mut client).map(drop),
        }
    }
}

fn answer(client: &mut TcpStream, refusal: Refusal) -> io::Result<()> {
    let Refusal { status, code } = refusal;
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{code}</Message></Error>");
    write!(
        client,
        "HTTP/1.1 {status} {code}\r\nContent-Type: application/xml\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
}

/// The head of a request as it goes to the server.
struct Head {
    method: String,
    path: String,
    text: String,
    length: usize,
}

impl Head {
    /// `None` where the client hangs up before it says anything.
    fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(None);
        }
        let mut words = first.split(' ').map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (mut text, mut length) = (first, 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 || line == "\r\n" {
                break;
            }
            let lower = line.to_ascii_lowercase();
            if let Some(number) = lower.strip_prefix("content-length:") {
                length = number.trim().parse().map_err(io::Error::other)?;
            }
            if !lower.starts_with("connection:") {
                text.push_str(&line);
            }
        }
        text.push_str("Connection: close\r\n\r\n");
        Ok(Some(Self { method, path, text, length }))
    }
}
