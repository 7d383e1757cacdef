//! A name server.

use std::{
    io::{Read, Write},
    net::{IpAddr, TcpListener, UdpSocket},
    sync::{Arc, Mutex},
};

use super::Place;

/// The longest question and answer: one of each fits many times.
const LONGEST: usize = 1232;

/// A name server that knows some names, over UDP and TCP, as long as the test runs.
#[derive(Debug, Clone)]
pub struct Names(Arc<Mutex<Zone>>);

/// What it does.
#[derive(Debug, Clone)]
enum Zone {
    /// It knows these names; any other does not exist.
    Knows(Vec<(String, Vec<IpAddr>)>),
    /// It takes questions and answers none.
    Silent,
}

impl Names {
    /// One that listens at these addresses, and knows nothing yet.
    pub fn at(place: &Place, addresses: &[IpAddr]) -> Self {
        let names = Self(Arc::new(Mutex::new(Zone::Knows(Vec::new()))));
        for address in addresses {
            let here = (*address, 53);
            let (udp, tcp) =
                place.does(|| (UdpSocket::bind(here).unwrap(), TcpListener::bind(here).unwrap()));
            let zone = names.clone();
            place.goes_on(move || zone.serve_udp(&udp));
            let zone = names.clone();
            place.goes_on(move || zone.serve_tcp(&tcp));
        }
        names
    }

    /// From now on a name has these addresses; none: it is there, and has no address.
    pub fn know(&self, name: &str, addresses: &[IpAddr]) {
        let mut zone = self.0.lock().unwrap();
        let mut known = if let Zone::Knows(known) = &*zone { known.clone() } else { Vec::new() };
        known.retain(|(other, _)| other != name);
        known.push((name.to_owned(), addresses.to_owned()));
        *zone = Zone::Knows(known);
    }

    /// From now on no name exists.
    pub fn forget(&self) {
        *self.0.lock().unwrap() = Zone::Knows(Vec::new());
    }

    /// From now on it answers nothing.
    pub fn fall_silent(&self) {
        *self.0.lock().unwrap() = Zone::Silent;
    }

    fn serve_udp(&self, socket: &UdpSocket) {
        let mut question = [0; LONGEST];
        while let Ok((length, from)) = socket.recv_from(&mut question) {
            if let Some(answer) = self.answer(&question[..length]) {
                // Who asked may be gone.
                let _ = socket.send_to(&answer, from);
            }
        }
    }

    fn serve_tcp(&self, listener: &TcpListener) {
        for stream in listener.incoming() {
            let (mut stream, mut length, mut question) = (stream.unwrap(), [0; 2], [0; LONGEST]);
            let asked = stream.read_exact(&mut length).and_then(|()| {
                let length = usize::from(u16::from_be_bytes(length)).min(LONGEST);
                stream.read_exact(&mut question[..length]).map(|()| length)
            });
            let Some(answer) = asked.ok().and_then(|length| self.answer(&question[..length])) else {
                continue;
            };
            let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
            // Who asked may be gone.
            let _ = stream.write_all(&[&length[..], &answer].concat());
        }
    }

    /// The answer to a question, as RFC 1035 has it. Nothing to what is no question.
    fn answer(&self, question: &[u8]) -> Option<Vec<u8>> {
        const HEAD: usize = 12;
        const A: u16 = 1;
        const AAAA: u16 = 28;
        let Zone::Knows(known) = self.0.lock().unwrap().clone() else { return None };
        let (mut at, mut labels) = (HEAD, Vec::new());
        while let length @ 1.. = usize::from(*question.get(at)?) {
            labels.push(String::from_utf8_lossy(question.get(at + 1..=at + length)?).to_ascii_lowercase());
            at += 1 + length;
        }
        let asked = question.get(HEAD..at + 5)?;
        let kind = u16::from_be_bytes([*question.get(at + 1)?, *question.get(at + 2)?]);
        let name = labels.join(".");
        let found = known.into_iter().find(|(known, _)| *known == name);
        let exists = found.is_some();
        let records: Vec<Vec<u8>> = found
            .map_or_else(Vec::new, |(_, addresses)| addresses)
            .into_iter()
            .filter_map(|address| match address {
                IpAddr::V4(address) if kind == A => Some(address.octets().to_vec()),
                IpAddr::V6(address) if kind == AAAA => Some(address.octets().to_vec()),
                IpAddr::V4(_) | IpAddr::V6(_) => None,
            })
            .collect();
        // An answer of somebody who recurses, to one question; 3 says that there is no such name.
        let flags = [0x81, if exists { 0x80 } else { 0x83 }];
        let count = u8::try_from(records.len()).unwrap();
        let mut answer = [question.get(..2)?, &flags, &[0, 1, 0, count, 0, 0, 0, 0], asked].concat();
        for record in records {
            // The name of the question, class IN, for ten seconds.
            let [_, length] = u16::try_from(record.len()).unwrap().to_be_bytes();
            answer.extend([0xC0, 0x0C, 0, u8::try_from(kind).unwrap(), 0, 1, 0, 0, 0, 10, 0, length]);
            answer.extend(record);
        }
        Some(answer)
    }
}
