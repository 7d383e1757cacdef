//! What the vendor does from the command line, on the running program.

use std::{fs, os::unix::fs::MetadataExt};

use license_core::{
    api::Call,
    crypto::{PublicKey, RequestId},
    host::{Fact, FactKind},
    statement::Kind,
};
use license_server::data_dir::DataDir;
use license_types::{Coupon, Registration, RegistrationNumber};
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::{
    cli::{Served, admin, company, ok},
    host::Host,
};

/// The vendor's commands on one running server, each of which prints JSON.
#[tokio::test]
async fn customers_grants_and_coupons_are_looked_after_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let root: PublicKey = ok(admin(folder.path(), "public-key")).parse().unwrap();
    let served = Served::start(folder.path());
    let mut host = Host::new(1, root);
    let number = host.ok(served.address, &company()).await.1.unwrap().number;
    let run = |arguments: &str| -> serde_json::Value {
        let arguments = arguments.replace("NUMBER", number.as_str());
        serde_json::from_str(&ok(admin(folder.path(), &format!("{arguments} --json")))).unwrap()
    };

    let text = ok(admin(folder.path(), &format!("customer suspend --number {}", number.as_str())));
    assert!(text.contains("Ромашка") && text.contains(&number.masked()), "{text}");
    let (_, statement) = host.ok(served.address, &Call::CheckIn).await;
    assert!(matches!(statement.unwrap().kind, Kind::Refusal(_)));
    run("customer reinstate --number NUMBER");
    assert_eq!(run("customer edit --number NUMBER --contact Somebody")["changed"], json!(["contact"]));

    let grant = run("grant add --number NUMBER --product 81 --seats 2 --forever");
    assert_eq!(host.leased(served.address, 45).await.unwrap().seats.total, 2);
    assert_eq!(run("grant list --number NUMBER").as_array().unwrap().len(), 2);
    run(&format!("grant end {}", grant["id"].as_str().unwrap()));
    assert_eq!(host.leased(served.address, 45).await.unwrap().refusal.map(|code| code.0), Some(2011));

    let file = folder.path().join("coupons.csv");
    let issue =
        format!("coupon issue --product 96 --count 2 --days 30 --batch spring --out {}", file.display());
    assert_eq!(run(&issue)["issued"], 2);
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    let again = admin(folder.path(), &issue);
    assert_eq!(again.status.code(), Some(1), "an old file is never overwritten");
    let lines = fs::read_to_string(&file).unwrap();
    let coupon: Coupon = lines.lines().nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
    host.ok(served.address, &Call::Coupon { coupon: coupon.clone() }).await;
    let shown = run(&format!("coupon show {}", coupon.as_str()));
    assert_eq!((&shown["state"], &shown["used"]["number"]), (&json!("used"), &json!(number.masked())));
    run(&format!("coupon undo {}", coupon.as_str()));
    assert_eq!(run("coupon block --batch spring")["changed"], 2);
    let listed = run("coupon list --batch spring --state blocked");
    assert_eq!(listed.as_array().unwrap().len(), 2, "and none of the issue that failed");

    run("product set 81 --refresh 1h");
    let (_, statement) = host.ok(served.address, &Call::CheckIn).await;
    assert_eq!(statement.unwrap().refresh_after, 4 * 3600, "the number holds 81 no more");
    run("feature add 600 --name Fax");
    run("product add 500 --name Fax --features 600,33");
    assert_eq!(run("product list").as_array().unwrap().len(), 9);

    let new = run("customer replace-number --number NUMBER")["number"].clone();
    let (_, statement) = host.ok(served.address, &Call::CheckIn).await;
    assert_eq!(statement.unwrap().number.as_str(), new);
    let old = Call::Activate { number: number.clone() };
    let refused = Host::new(2, root).refused(served.address, &old).await;
    assert_eq!(refused.code.map(|code| code.0), Some(2026));

    let mut other = Host::new(3, root);
    let Call::Register(company) = company() else { panic!("no registration") };
    let register = Call::Register(Registration { email: "b@example.com".to_owned(), ..company });
    let from = other.ok(served.address, &register).await.1.unwrap().number;
    let merge = format!("customer merge --number {} --into {}", from.as_str(), new.as_str().unwrap());
    let merged = run(&merge);
    assert_eq!(merged["hosts"], 1);
    assert_eq!(merged["companies"].as_array().unwrap().len(), 2);
    let (_, statement) = other.ok(served.address, &Call::CheckIn).await;
    assert_eq!(statement.unwrap().number.as_str(), new);
}

/// A number leaked: a stranger's host is on it.
#[tokio::test]
async fn a_stranger_is_taken_off_a_number_that_leaked_and_the_old_number_leads_to_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let root: PublicKey = ok(admin(folder.path(), "public-key")).parse().unwrap();
    let served = Served::start(folder.path());
    let (mut host, mut stranger) = (Host::new(1, root), Host::new(2, root));
    let number = host.ok(served.address, &company()).await.1.unwrap().number;
    stranger.ok(served.address, &Call::Activate { number: number.clone() }).await;
    let (own, theirs) = (host.public().id(), stranger.public().id());
    let run = |arguments: &str| -> String {
        ok(admin(folder.path(), &arguments.replace("NUMBER", number.as_str()).replace("THEIRS", &theirs.0)))
    };
    let failed = |arguments: &str| -> String {
        let output = admin(folder.path(), &arguments.replace("NUMBER", number.as_str()));
        assert_eq!(output.status.code(), Some(1), "{arguments}");
        String::from_utf8(output.stderr).unwrap()
    };

    let dropped = run("binding drop --number NUMBER --host THEIRS");
    assert!(dropped.contains("1 host of ООО «Ромашка»"), "{dropped}");
    assert!(dropped.contains("not on the number any more") && !dropped.contains(&own.0), "{dropped}");
    assert!(failed("binding drop --number NUMBER --host 0123456789abcdef").contains("not on the number"));
    let (_, told) = stranger.ok(served.address, &Call::CheckIn).await;
    let Kind::Refusal(told) = told.unwrap().kind else { panic!("a lease after the drop") };
    assert_eq!(told.code.0, 2008);
    run("host clear --number NUMBER THEIRS");

    let replaced: serde_json::Value =
        serde_json::from_str(&run("customer replace-number --number NUMBER --json")).unwrap();
    let hosts: Vec<&str> =
        replaced["hosts"].as_array().unwrap().iter().map(|host| host["host"].as_str().unwrap()).collect();
    assert_eq!(hosts, [own.0.as_str()]);
    let new: RegistrationNumber = replaced["number"].as_str().unwrap().parse().unwrap();
    let refused = stranger.refused(served.address, &company()).await;
    assert_eq!(refused.code.map(|code| code.0), Some(2022), "it does not get the number by the owner's data");
    let (_, statement) = host.ok(served.address, &Call::CheckIn).await;
    assert_eq!(statement.unwrap().number, new);

    for text in [number.as_str(), &number.masked()] {
        let found = run(&format!("customer find {text}"));
        assert!(found.contains(new.as_str()) && found.contains(number.as_str()), "{text}: {found}");
    }
    for command in
        ["customer show", "binding list", "binding drop --all", "grant list", "log show", "log verify"]
    {
        let says = failed(&format!("{command} --number NUMBER"));
        assert!(says.contains(&format!("{} now", new.masked())), "{command}: {says}");
    }
    let again = ok(admin(folder.path(), &format!("customer replace-number --number {}", new.as_str())));
    let newest: RegistrationNumber = again.lines().next().unwrap().parse().unwrap();
    assert!(again.contains(&own.0) && newest != new, "{again}");
}

/// Host 1 is copied onto other hardware, and a person decides; everything is in the log, which verifies.
#[tokio::test]
async fn hosts_copies_and_logs_are_looked_after_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let root: PublicKey = ok(admin(folder.path(), "public-key")).parse().unwrap();
    let served = Served::start(folder.path());
    let mut host = Host::new(1, root);
    let number = host.ok(served.address, &company()).await.1.unwrap().number;
    let id = host.public().id();
    let words = |arguments: &str| {
        arguments
            .replace("NUMBER", number.as_str())
            .replace("HOST", &id.0)
            .replace("MASKED", &number.masked())
    };
    let run = |arguments: &str| -> serde_json::Value {
        serde_json::from_str(&ok(admin(folder.path(), &format!("{} --json", words(arguments))))).unwrap()
    };

    let metrics = Call::SendMetrics { metrics: [("PBXname".to_owned(), "MikoPBX@1".to_owned())].into() };
    host.ok(served.address, &metrics).await;
    let mut copy = host.with_evidence(vec![Fact::new(FactKind::ProductUuid, "another machine")]);
    host.ok(served.address, &Call::CheckIn).await;
    for request in [98, 99] {
        // Its request ids are not those of the host.
        let sealed = copy.seal_as(RequestId([request; 16]), &Call::CheckIn);
        let response = sealed.send(served.address).await;
        copy.accept(&sealed, &response);
    }
    host.ok(served.address, &Call::CheckIn).await;
    let copies = run("binding copies --number NUMBER");
    let serial = copies[0]["copies"][0]["serial"].as_u64().unwrap();
    assert_eq!(
        run(&format!("binding refuse --number NUMBER --host HOST --serial {serial}"))["refused"],
        json!(id)
    );
    assert_eq!(run("binding copies --number NUMBER")[0]["copies"][0]["standing"], "refused");

    for text in ["NUMBER", "MASKED", "ромаш", "A@EXAMPLE", "HOST"] {
        let found = run(&format!("customer find {text}"))["customers"].clone();
        assert_eq!(found[0]["number"], number.as_str(), "{text}");
        assert_eq!(found[0]["hosts"], 1, "{text}");
    }
    assert_eq!(run("customer find nobody"), json!({ "customers": [], "more": false }));
    let shown = run("customer show --number NUMBER");
    let by_id = run(&format!("customer find {}", shown["customer"].as_str().unwrap()));
    assert_eq!(by_id["customers"][0]["number"], number.as_str(), "by the id that logs have");
    assert_eq!(shown["hosts"][0]["metrics"]["metrics"]["PBXname"], "MikoPBX@1");
    assert_eq!((&shown["email"], &shown["grants"][0]["product"]), (&json!("a@example.com"), &json!(11)));
    assert_eq!(run("host show HOST")["bindings"][0]["number"], number.as_str());

    run("binding drop --number NUMBER --all");
    assert_eq!(run("host clear --number NUMBER HOST")["hosts"], json!([id]));
    let Call::Register(company) = company() else { panic!("no registration") };
    let register = Call::Register(Registration { email: "b@example.com".to_owned(), ..company });
    let new = host.ok(served.address, &register).await.1.unwrap().number;
    assert_ne!(new, number);
    for (limit, more) in [(1, true), (2, false)] {
        let found = run(&format!("customer find ромаш --limit {limit}"));
        assert_eq!(found["customers"].as_array().unwrap().len(), limit);
        assert_eq!(found["more"], more, "of two that there are");
    }

    let log = run("log show --number NUMBER");
    let deeds: Vec<&str> =
        log.as_array().unwrap().iter().map(|line| line["deed"].as_str().unwrap()).collect();
    for deed in ["registered", "copy_found", "copy_refused", "unbound", "host_cleared"] {
        assert!(deeds.contains(&deed), "{deed} in {deeds:?}");
    }
    for arguments in ["customer show --number NUMBER", "host show HOST", "log show --number NUMBER --limit 3"]
    {
        let text = ok(admin(folder.path(), &words(arguments)));
        assert!(text.lines().count() >= 3, "{arguments}: {text}");
    }
    let verified = run("log verify");
    assert_eq!((&verified["chains"], &verified["broken"]), (&json!(2), &json!(0)));
    let one = run("log verify --number NUMBER --ends");
    assert_eq!(one["lines"], json!(log.as_array().unwrap().len()));
    assert_eq!(one["ends"][0]["hash"], log.as_array().unwrap().last().unwrap()["hash"]);
    served.stop();

    let database = DataDir::open(folder.path()).unwrap().database().unwrap();
    let mut database = SqliteConnection::connect(database.to_str().unwrap()).await.unwrap();
    sqlx::query("UPDATE log SET actor = 'admin:nobody' WHERE deed = 'copy_refused'")
        .execute(&mut database)
        .await
        .unwrap();
    let output = admin(folder.path(), "log verify");
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&number.masked()) && said.contains("is not as it was written"), "{said}");
}
