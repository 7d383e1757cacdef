//! The golden frames of `tests/golden/frames/`: what the protocol looks like on the wire, for good.
//!
//! For each sample there is a `.hex` file, the whole frame in bincode, and a `.json` file, the payload
//! of the same message in JSON. After a deliberate change of the protocol write them anew with
//! `BLESS=1 cargo test -p license-ipc --test golden as_ever`, look at the difference, and give it a line in
//! the CHANGELOG.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod samples;

use std::{collections::BTreeSet, env, fmt::Debug, fmt::Write as _, fs, path::PathBuf};

use license_ipc::{
    Answer, DecodeError, EncodeError, Encoding, ErrorKind, Request, Stage, State,
    frame::{self, MAX_ANSWER, MAX_REQUEST, PREFIX},
};
use license_types::{Basis, FactKind, Verdict};

fn repository() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", ".."].iter().collect()
}

/// A golden file as it is, or as `current` if the files are to be written anew.
fn golden(name: &str, current: &str) -> String {
    let path = repository().join("tests/golden/frames").join(name);
    if env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, current).unwrap();
    }
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for line in bytes.chunks(32) {
        for byte in line {
            write!(text, "{byte:02x}").unwrap();
        }
        text.push('\n');
    }
    text
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap()).collect()
}

/// Both golden files of a message encode to it and decode from it.
fn is_golden<T: Debug + PartialEq>(
    name: &str,
    message: &T,
    max: usize,
    encode: impl Fn(&T, Encoding) -> Result<Vec<u8>, EncodeError>,
    decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
) {
    let binary = encode(message, Encoding::Binary).unwrap();
    let file = golden(&format!("{name}.hex"), &hex(&binary));
    assert_eq!(hex(&binary), file, "{name}.hex");
    let bytes = unhex(&file);
    assert_eq!(frame::body_len(bytes[..PREFIX].try_into().unwrap(), max), Ok(bytes.len() - PREFIX));
    assert_eq!(decode(&bytes[PREFIX..]).as_ref(), Ok(message), "{name}.hex");

    let json = encode(message, Encoding::Json).unwrap();
    let (header, payload) = json.split_at(PREFIX + 2);
    let file = golden(&format!("{name}.json"), &format!("{}\n", str::from_utf8(payload).unwrap()));
    let payload = file.trim_end().as_bytes();
    let len = u32::try_from(payload.len() + 2).unwrap();
    assert_eq!(header, [&len.to_be_bytes()[..], &[frame::VERSION, 1]].concat(), "{name}.json");
    assert_eq!(json, [header, payload].concat(), "{name}.json");
    assert_eq!(decode(&json[PREFIX..]).as_ref(), Ok(message), "{name}.json");
}

#[test]
fn every_request_is_written_as_ever() {
    for (name, request) in samples::requests() {
        is_golden(&name, &request, MAX_REQUEST, frame::encode_request, |body| {
            frame::decode_request(body).map(|(_, request)| request)
        });
    }
}

#[test]
fn every_answer_is_written_as_ever() {
    for (name, answer) in samples::answers() {
        is_golden(&name, &answer, MAX_ANSWER, frame::encode_answer, frame::decode_answer);
    }
}

#[test]
fn the_unsupported_frame_is_written_as_ever() {
    assert_eq!(golden("unsupported.hex", &hex(&frame::unsupported())), hex(&frame::unsupported()));
    // Not even when the files are written anew.
    let payload = br#"{"error":{"kind":"unsupported","versions":[1],"encodings":[0,1]}}"#;
    assert_eq!(frame::unsupported(), [&[0, 0, 0, 67, 0, 1][..], payload].concat());
}

#[test]
fn there_is_no_golden_file_without_a_sample() {
    let samples: BTreeSet<String> = samples::requests()
        .into_iter()
        .map(|(name, _)| name)
        .chain(samples::answers().into_iter().map(|(name, _)| name))
        .flat_map(|name| [format!("{name}.hex"), format!("{name}.json")])
        .chain(["unsupported.hex".to_owned()])
        .collect();
    let folder = fs::read_dir(repository().join("tests/golden/frames")).unwrap();
    let files: BTreeSet<String> =
        folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, samples);
}

/// The numbers of the variants on the wire. A new variant does not compile until it has one here.
mod numbers {
    use super::*;

    pub(super) fn of_request(request: &Request) -> u32 {
        match request {
            Request::Check { .. } => 0,
            Request::CheckMany { .. } => 1,
            Request::Ensure { .. } => 2,
            Request::Capture { .. } => 3,
            Request::Release { .. } => 4,
            Request::Status => 5,
            Request::LicenseInfo { .. } => 6,
            Request::Register(_) => 7,
            Request::Activate { .. } => 8,
            Request::ActivateCoupon { .. } => 9,
            Request::AddTrial { .. } => 10,
            Request::Reset => 11,
            Request::Recheck => 12,
            Request::Reload => 13,
            Request::Watch => 14,
            Request::Metrics => 15,
            Request::Features { .. } => 16,
            Request::Explain { .. } => 17,
            Request::SendMetrics { .. } => 18,
            Request::Host => 19,
            Request::Deprovision => 20,
            Request::Ping => 21,
            Request::Language { .. } => 22,
            Request::Configuration => 23,
            Request::WouldCapture { .. } => 24,
        }
    }

    pub(super) fn of_answer(answer: &Answer) -> u32 {
        match answer {
            Answer::Entitlement(_) => 0,
            Answer::Entitlements(_) => 1,
            Answer::Captured(_) => 2,
            Answer::Status(_) => 3,
            Answer::LicenseInfo(_) => 4,
            Answer::Registered { .. } => 5,
            Answer::Done(_) => 6,
            Answer::Error(_) => 7,
            Answer::Change(_) => 8,
            Answer::Metrics { .. } => 9,
            Answer::Features(_) => 10,
            Answer::Explanation(_) => 11,
            Answer::Host(_) => 12,
            Answer::Ping(_) => 13,
            Answer::Configuration(_) => 14,
        }
    }

    pub(super) fn of_verdict(verdict: &Verdict) -> (u32, &'static str) {
        match verdict {
            Verdict::Granted { .. } => (0, "granted"),
            Verdict::Denied { .. } => (1, "denied"),
            Verdict::Indeterminate { .. } => (2, "indeterminate"),
        }
    }

    pub(super) fn of_basis(basis: Basis) -> (u32, &'static str) {
        match basis {
            Basis::Fresh => (0, "fresh"),
            Basis::Offline { .. } => (1, "offline"),
        }
    }

    pub(super) fn of_state(state: State) -> u32 {
        match state {
            State::Unregistered => 0,
            State::Fresh => 1,
            State::Offline => 2,
            State::Lapsed => 3,
            State::Refused => 4,
            State::Recovering => 5,
            State::Registering => 6,
            State::HostChanged => 7,
            State::Pending => 8,
            State::Draining => 9,
        }
    }

    pub(super) fn of_fact(fact: FactKind) -> u32 {
        match fact {
            FactKind::Number => 0,
            FactKind::Registration => 1,
            FactKind::Lost => 2,
            FactKind::Statement => 3,
            FactKind::Refusal => 4,
            FactKind::Feature => 5,
            FactKind::Seat => 6,
            FactKind::Lease => 7,
            FactKind::Grace => 8,
            FactKind::RunOn => 9,
            FactKind::Expiry => 10,
            FactKind::Offline => 11,
            FactKind::Failure => 12,
            FactKind::NextCheck => 13,
            FactKind::Verdict => 14,
        }
    }

    pub(super) fn of_stage(stage: Stage) -> u32 {
        match stage {
            Stage::Lookup => 0,
            Stage::Connect => 1,
            Stage::Tls => 2,
            Stage::Answer => 3,
        }
    }

    pub(super) fn of_kind(kind: ErrorKind) -> u32 {
        match kind {
            ErrorKind::Malformed => 0,
            ErrorKind::TooLarge => 1,
            ErrorKind::Unsupported => 2,
            ErrorKind::NotPermitted => 3,
            ErrorKind::Busy => 4,
            ErrorKind::Draining => 5,
            ErrorKind::Refused => 6,
            ErrorKind::NoAnswer => 7,
            ErrorKind::Overtaken => 8,
        }
    }
}

/// The variant number at the start of a bincode payload.
fn number_in(frame: &[u8]) -> u32 {
    u32::from_le_bytes(frame[PREFIX + 2..PREFIX + 6].try_into().unwrap())
}

/// The body of a message that has this variant number and nothing else.
fn bare(number: u32) -> Vec<u8> {
    [&[frame::VERSION, 0][..], &number.to_le_bytes()].concat()
}

/// That the numbers are 0 to some, without a gap, and what each is called.
fn numbered(of: &str, pairs: impl IntoIterator<Item = (u32, String)>) -> Vec<(u32, String)> {
    let pairs: BTreeSet<(u32, String)> = pairs.into_iter().collect();
    let numbers: Vec<u32> = pairs.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (0..u32::try_from(pairs.len()).unwrap()).collect::<Vec<_>>(), "{of}");
    pairs.into_iter().collect()
}

fn numbered_requests() -> Vec<(u32, String)> {
    numbered(
        "requests",
        samples::requests().iter().map(|(_, it)| (numbers::of_request(it), it.name().to_owned())),
    )
}

fn numbered_answers() -> Vec<(u32, String)> {
    numbered(
        "answers",
        samples::answers().iter().map(|(_, it)| (numbers::of_answer(it), it.name().to_owned())),
    )
}

#[test]
fn every_variant_has_a_golden_file_and_the_number_it_always_had() {
    for (name, request) in samples::requests() {
        let frame = frame::encode_request(&request, Encoding::Binary).unwrap();
        assert_eq!(number_in(&frame), numbers::of_request(&request), "{name}");
    }
    for (name, answer) in samples::answers() {
        let frame = frame::encode_answer(&answer, Encoding::Binary).unwrap();
        assert_eq!(number_in(&frame), numbers::of_answer(&answer), "{name}");
    }
    // The number after the last sample is nobody's: no variant lacks a sample.
    let after = u32::try_from(numbered_requests().len()).unwrap();
    let error = frame::decode_request(&bare(after)).unwrap_err().to_string();
    assert!(error.contains("variant"), "{error}");
    let after = u32::try_from(numbered_answers().len()).unwrap();
    let error = frame::decode_answer(&bare(after)).unwrap_err().to_string();
    assert!(error.contains("variant"), "{error}");
}

mod document {
    //! What `docs/protocol.md` says is what the code does.

    use super::*;

    fn document() -> String {
        fs::read_to_string(repository().join("docs/protocol.md")).unwrap()
    }

    /// The request of the worked examples.
    fn worked_request(encoding: Encoding) -> Vec<u8> {
        let mut samples = samples::requests().into_iter();
        let (_, request) = samples.find(|(name, _)| name == "request-check").unwrap();
        frame::encode_request(&request, encoding).unwrap()
    }

    /// The answer of the worked examples.
    fn worked_answer(encoding: Encoding) -> Vec<u8> {
        let mut samples = samples::answers().into_iter();
        let (_, answer) = samples.find(|(name, _)| name == "answer-entitlement-denied").unwrap();
        frame::encode_answer(&answer, encoding).unwrap()
    }

    #[test]
    fn it_lists_every_variant_with_its_number() {
        let document = document();
        let entitlements = || {
            samples::answers().into_iter().filter_map(|(_, answer)| {
                let Answer::Entitlement(entitlement) = answer else { return None };
                Some(entitlement.verdict)
            })
        };
        let verdicts = entitlements().map(|verdict| numbers::of_verdict(&verdict));
        let bases = entitlements().filter_map(|verdict| {
            let Verdict::Granted { basis, .. } = verdict else { return None };
            Some(numbers::of_basis(basis))
        });
        let states = samples::STATES.map(|it| (numbers::of_state(it), it.to_string()));
        let of_calls = samples::STAGES.map(|it| (numbers::of_stage(it), it.name().to_owned()));
        let kinds = samples::KINDS.map(|it| (numbers::of_kind(it), it.name().to_owned()));
        let facts = samples::FACTS.map(|it| (numbers::of_fact(it), it.name().to_owned()));
        let own = |(number, name): (u32, &str)| (number, name.to_owned());
        for list in [
            numbered_requests(),
            numbered_answers(),
            numbered("verdicts", verdicts.map(own)),
            numbered("bases", bases.map(own)),
            numbered("states", states),
            numbered("kinds", kinds),
            numbered("facts", facts),
            numbered("stages", of_calls),
        ] {
            for (number, name) in list {
                let row = format!("| {number} | `{name}` |");
                assert!(document.contains(&row), "docs/protocol.md has no row {row}");
            }
        }
    }

    #[test]
    fn its_frames_are_the_golden_ones() {
        let document = document();
        let blocks: Vec<Vec<u8>> =
            document.split("```hex\n").skip(1).map(|rest| unhex(rest.split("```").next().unwrap())).collect();
        let expected = [
            frame::unsupported(),
            worked_request(Encoding::Binary),
            worked_answer(Encoding::Binary),
            worked_request(Encoding::Json),
            worked_answer(Encoding::Json),
        ];
        assert_eq!(blocks, expected);
    }

    #[test]
    fn its_byte_by_byte_tables_add_up_to_the_frames() {
        // Rows look like `| 0 | 00 00 00 0f | … |`: offset, bytes, meaning.
        let document = document();
        let mut tables: Vec<Vec<u8>> = Vec::new();
        for line in document.lines() {
            let mut cells = line.split('|').skip(1).map(str::trim);
            let (Some(offset), Some(bytes)) = (cells.next(), cells.next()) else { continue };
            let is_bytes =
                bytes.split(' ').all(|byte| byte.len() == 2 && u8::from_str_radix(byte, 16).is_ok());
            let (true, Ok(offset)) = (is_bytes, offset.parse::<usize>()) else { continue };
            if offset == 0 {
                tables.push(Vec::new());
            }
            let table = tables.last_mut().unwrap();
            assert_eq!(table.len(), offset, "{line}");
            table.extend(unhex(bytes));
        }
        assert_eq!(
            tables,
            [
                worked_request(Encoding::Binary),
                worked_answer(Encoding::Binary),
                worked_request(Encoding::Json)
            ]
        );
    }

    #[test]
    fn its_json_examples_are_golden_ones() {
        let samples: BTreeSet<String> = samples::requests()
            .iter()
            .map(|(_, it)| frame::encode_request(it, Encoding::Json).unwrap())
            .chain(samples::answers().iter().map(|(_, it)| frame::encode_answer(it, Encoding::Json).unwrap()))
            .map(|frame| String::from_utf8(frame[PREFIX + 2..].to_vec()).unwrap())
            .collect();
        let document = document();
        let mut examples = 0;
        for block in document.split("```json\n").skip(1) {
            for line in block.split("```").next().unwrap().lines() {
                assert!(samples.contains(line), "docs/protocol.md: {line}");
                examples += 1;
            }
        }
        // Each request and each answer is shown.
        assert!(examples >= numbered_requests().len() + numbered_answers().len(), "{examples}");
    }
}
