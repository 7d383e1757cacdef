//! The worked example of docs/api.md.

use license_core::{
    api::{Call, HostCall},
    crypto::{Nonce, RequestId, SigningKey},
    envelope::Envelope,
    host::{Evidence, Fact, FactKind},
};

const PAGE: &str = include_str!("../../../../docs/api.md");

#[test]
fn the_example_of_the_page_is_what_a_host_sends() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let evidence = Evidence(vec![Fact::new(FactKind::MachineId, "0123456789abcdef0123456789abcdef")]);
    let call = HostCall { nonce: Nonce([1; 32]), evidence, receipt: None, call: Call::CheckIn };
    let body = serde_json::to_string(&call).unwrap();
    let path = call.call.path();
    let envelope = Envelope::seal(&key, "POST", path, body.as_bytes(), RequestId([9; 16]), 7);
    let mut missing = Vec::new();
    for (name, value) in envelope.headers() {
        let line = format!("{name}: {value}");
        if !PAGE.contains(&line) {
            missing.push(line);
        }
    }
    if !PAGE.contains(&body) {
        missing.push(body);
    }
    assert!(missing.is_empty(), "not in docs/api.md:\n{}", missing.join("\n"));
}

#[test]
fn every_path_is_on_the_page() {
    for path in Call::PATHS {
        assert!(PAGE.contains(&format!("`POST {path}`")), "{path}");
    }
}
