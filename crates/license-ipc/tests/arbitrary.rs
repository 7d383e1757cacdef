//! Whatever comes over the socket: an error at worst, and never more memory than the frame announces.

#![allow(clippy::unwrap_used, reason = "test code")]

use std::{fs, path::Path};

use license_ipc::{Encoding, frame};
use proptest::prelude::*;

/// Every golden bincode frame, so that mutations reach deep into the decoder.
fn golden_bodies() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/frames");
    let unhex = |text: String| {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pair = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).skip(frame::PREFIX).map(pair).collect()
    };
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "hex"));
    assert!(!files.is_empty());
    files.sort();
    files.into_iter().map(|path| unhex(fs::read_to_string(path).unwrap())).collect()
}

/// Decodes a body both ways; what comes out has to survive the way back.
fn decode(body: &[u8]) {
    if let Ok((encoding, request)) = frame::decode_request(body) {
        let again = frame::encode_request(&request, encoding).unwrap();
        assert_eq!(frame::decode_request(&again[frame::PREFIX..]), Ok((encoding, request)));
    }
    if let Ok(answer) = frame::decode_answer(body) {
        let again = frame::encode_answer(&answer, Encoding::Binary).unwrap();
        assert_eq!(frame::decode_answer(&again[frame::PREFIX..]), Ok(answer));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn arbitrary_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        decode(&body);
    }

    #[test]
    fn arbitrary_payloads_never_panic(
        encoding in 0_u8..2,
        variant in 0_u8..32,
        rest in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        decode(&[&[frame::VERSION, encoding, variant, 0, 0, 0], &rest[..]].concat());
    }

    #[test]
    fn arbitrary_prefixes_are_within_the_limit_or_refused(prefix: [u8; frame::PREFIX]) {
        for max in [frame::MAX_REQUEST, frame::MAX_ANSWER] {
            if let Ok(len) = frame::body_len(prefix, max) {
                prop_assert!((frame::MIN_BODY..=max).contains(&len));
            }
        }
    }

    #[test]
    fn a_real_message_with_some_bytes_changed_or_cut_never_panics(
        pick: prop::sample::Index,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        keep: prop::sample::Index,
    ) {
        let bodies = golden_bodies();
        let mut body = pick.get(&bodies).clone();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        body.truncate(keep.index(body.len() + 1));
        decode(&body);
    }
}
