//! What the program logs about requests.

use license_core::{api::Call, crypto::PublicKey};
use serde_json::Value;

use crate::{
    cli::{Served, admin, ok},
    host::Host,
    running::{company, trial},
};

#[tokio::test]
async fn every_line_of_a_request_holds_its_own_id_and_the_address_only_where_customers_come_from() {
    let folder = tempfile::tempdir().unwrap();
    let root: PublicKey = ok(admin(folder.path(), "public-key")).parse().unwrap();
    let served = Served::start_with(folder.path(), &["--log-format", "json"]);
    let mut host = Host::new(1, root);
    let mut ids = Vec::new();
    for call in [company("a"), trial(81), Call::CheckIn] {
        let mut sealed = host.seal(&call);
        sealed.headers.push(("x-request-id", "of the client".to_owned()));
        let response = sealed.send(served.address).await;
        host.accept(&sealed, &response);
        let (_, id) = response.headers.split_once("x-request-id: ").unwrap();
        ids.push(id.lines().next().unwrap().to_owned());
    }
    let log = served.stop();
    assert!(!log.contains("of the client"), "{log}");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |id: &str| -> Vec<&Value> { lines.iter().filter(|line| line["span"]["id"] == id).collect() };
    for (id, path, client) in [(&ids[0], "/v1/register", Some("127.0.0.1")), (&ids[1], "/v1/trial", None)] {
        let messages: Vec<_> = of(id).iter().map(|line| line["fields"]["message"].clone()).collect();
        assert!(messages.contains(&"answered".into()) && messages.contains(&"request".into()), "{log}");
        for line in of(id) {
            assert_eq!(line["fields"]["path"], path, "{line}");
            assert_eq!(line["span"]["client"].as_str(), client, "{line}");
        }
        let access = of(id).into_iter().find(|line| line["fields"]["message"] == "request").unwrap();
        assert_eq!((&access["fields"]["method"], &access["fields"]["status"]), (&"POST".into(), &200.into()));
        assert!(access["fields"]["ms"].is_number(), "{access}");
    }
    assert!(of(&ids[2]).is_empty(), "a check changes nothing that anybody waits for: {log}");
}
