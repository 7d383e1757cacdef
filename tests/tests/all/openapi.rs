//! The running license server answers as its own description says, whatever is asked.

use end_to_end::{LicenseServer, bystanders};

#[test]
fn generated_requests_get_described_answers() {
    let folder = tempfile::tempdir().unwrap();
    let server = LicenseServer::new(folder.path());
    let tried = bystanders::api_description(&server);
    assert_eq!(tried.code, 0, "{}\n{}\nThe log:\n{}", tried.stdout, tried.stderr, server.log());
}
