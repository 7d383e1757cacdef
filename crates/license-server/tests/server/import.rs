//! What another system knows, imported by the running program.

use std::{fmt::Write, fs, path::Path};

use license_core::{
    api::Call,
    crypto::PublicKey,
    host::{Fact, FactKind},
};
use license_types::RegistrationNumber;
use serde_json::{Value, json};

use crate::{
    cli::{Served, admin, ok},
    host::Host,
    running::capture,
};

const NUMBER: &str = "MIKO-AAAAA-AAAAA-AAAAA-AAAAA";

/// One small file of each kind, in the forms that people have them in.
fn files(folder: &Path) -> String {
    let files = [
        ("features", "f.csv", "id,name,per_user\n600,Fax,yes\n".to_owned()),
        ("products", "p.json", r#"[{"id":500,"name":"Fax","features":[600],"trial_days":14}]"#.to_owned()),
        (
            "customers",
            "c.csv",
            format!(
                "\u{feff}Number;Company;Email;Contact;Created\r\n{NUMBER};ООО «Ромашка»;r@example.com;Иван;2020-02-03\r\n"
            ),
        ),
        (
            "grants",
            "g.csv",
            format!(
                "number,id,product,seats,ends,trial,days_left\n{NUMBER},1,81,1,,,\n{NUMBER},2,500,3,,1,9\n"
            ),
        ),
        (
            "coupons",
            "k.csv",
            "coupon,product,days,state,number\nMIKOUPD-AAAAA-AAAAA-AAAAA-AAAAA,81,30,,\n\
             MIKOUPD-BBBBB-BBBBB-BBBBB-BBBBB,81,30,used,MIKO-AAAAA-AAAAA-AAAAA-AAAAA\n"
                .to_owned(),
        ),
        ("bindings", "b.csv", format!("number,feature,product_uuid,machine_id\n{NUMBER},45,uuid-7,id-7\n")),
    ];
    let mut line = "import".to_owned();
    for (kind, name, text) in files {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        write!(line, " --{kind} {}", path.display()).unwrap();
    }
    line
}

/// New, changed, the same, kept: of all files together.
fn counts(answer: &Value) -> [u64; 4] {
    let files = answer["files"].as_array().unwrap();
    ["added", "changed", "same", "kept"]
        .map(|name| files.iter().map(|file| file[name].as_u64().unwrap()).sum())
}

#[tokio::test]
async fn an_import_goes_in_while_the_server_runs_and_can_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let root: PublicKey = ok(admin(&data, "public-key")).parse().unwrap();
    let served = Served::start(&data);
    let import = files(folder.path());
    let run = |arguments: &str| -> Value {
        serde_json::from_str(&ok(admin(&data, &format!("{arguments} --json")))).unwrap()
    };

    let dry = run(&format!("{import} --dry-run"));
    assert_eq!((counts(&dry), &dry["imported"]), ([8, 0, 0, 0], &json!(false)));
    assert_eq!(dry["files"][2]["changes"][0]["record"], "MIKO-*****-*****-*****-AAAAA");
    assert_eq!(run("customer find Ромашка")["customers"], json!([]), "a dry run changes nothing");

    let done = run(&import);
    assert_eq!((counts(&done), &done["imported"]), ([8, 0, 0, 0], &json!(true)));
    assert_eq!(counts(&run(&import)), [0, 0, 8, 0], "a second run changes nothing");

    let customers = folder.path().join("c.csv");
    fs::write(&customers, format!("number,phone\n{NUMBER},+7 1\n")).unwrap();
    let line = format!("import --customers {}", customers.display());
    assert!(
        ok(admin(&data, &format!("{line} --dry-run")))
            .contains(":2: MIKO-*****-*****-*****-AAAAA: changes phone\n")
    );
    assert!(ok(admin(&data, &line)).contains("0 new, 1 changed"));
    let shown = run(&format!("customer show --number {NUMBER}"));
    assert_eq!((&shown["phone"], &shown["contact"]), (&json!("+7 1"), &json!("Иван")));

    let number: RegistrationNumber = NUMBER.parse().unwrap();
    let mut other = Host::new(1, root);
    other.ok(served.address, &Call::Activate { number: number.clone() }).await;
    let refused = other.refused(served.address, &capture(45)).await;
    assert_eq!(refused.code.map(|code| code.0), Some(2008), "the seat is that of the imported host");
    let facts =
        [(FactKind::ProductUuid, "UUID-7"), (FactKind::MachineId, "id-7"), (FactKind::BoardSerial, "b")];
    let facts = facts.map(|(kind, value)| Fact::new(kind, value)).to_vec();
    let mut imported = Host::new(2, root).with_evidence(facts);
    imported.ok(served.address, &Call::Activate { number }).await;
    assert_eq!(imported.leased(served.address, 45).await.unwrap().refusal, None);
    assert_eq!(imported.leased(served.address, 600).await.unwrap().seats.total, 3);
    let coupon = |letter: &str| Call::Coupon {
        coupon: format!("MIKOUPD{}", format!("-{}", letter.repeat(5)).repeat(4)).parse().unwrap(),
    };
    imported.ok(served.address, &coupon("A")).await;
    let refused = imported.refused(served.address, &coupon("B")).await;
    assert_eq!(refused.code.map(|code| code.0), Some(2041), "it was used in the other system");
    assert!(ok(admin(&data, "coupon show MIKOUPD-BBBBB-BBBBB-BBBBB-BBBBB")).contains("in another system"));
    assert_eq!(run("log verify")["broken"], 0);
    assert_eq!(counts(&run(&files(folder.path()))), [0, 0, 7, 1], "the coupon was used since");
    let new = run(&format!("customer replace-number --number {NUMBER}"))["number"].clone();
    let grants = format!("grant list --number {}", new.as_str().unwrap());
    let held = run(&grants);
    assert_eq!(counts(&run(&files(folder.path()))), [0, 0, 7, 1], "the number in the files is a former one");
    assert_eq!(
        (run(&grants), &run(&format!("customer find {NUMBER}"))["customers"][0]["number"]),
        (held, &new)
    );
    let log = served.stop();
    assert!(!log.contains(NUMBER) && !log.contains("example.com"), "{log}");
}

#[test]
fn every_error_is_said_at_once_and_then_nothing_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    ok(admin(&data, "public-key"));
    let customers = folder.path().join("c.csv");
    let mut text = "number,company,email,contact\n".to_owned();
    // More than go to the database at once.
    for customer in 10_000..10_450 {
        writeln!(text, "MIKO-{customer}-AAAAA-AAAAA-AAAAA,Company,u{customer}@example.com,C").unwrap();
    }
    text.push_str(
        "MIKO-00000-AAAAA-AAAAA,Company,a@example.com,C\n\
         MIKO-10000-AAAAA-AAAAA-AAAAA,Company,b@example.com,C\n\
         MIKO-00001-AAAAA-AAAAA-BBBBB,Company,U10000@example.com,C\n\
         MIKO-00002-AAAAA-AAAAA-CCCCC,Company,c,\n\
         MIKO-00003-AAAAA-AAAAA-DDDDD,Company\n",
    );
    fs::write(&customers, text).unwrap();
    let grants = folder.path().join("g.json");
    let known = "MIKO-10001-AAAAA-AAAAA-AAAAA";
    let list = format!(
        "[{{\"number\":\"{known}\",\"id\":\"1\",\"product\":999,\"seats\":1}},\n\
         {{\"number\":\"{known}\",\"id\":\"2\",\"product\":\"x\",\"seats\":0}}]"
    );
    fs::write(&grants, list).unwrap();
    let files = format!("import --customers {} --grants {}", customers.display(), grants.display());
    for flag in ["", " --dry-run"] {
        let output = admin(&data, &format!("{files}{flag}"));
        let (said, error) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(error.contains("nothing was imported, because of 8 errors"), "{error}");
        let lines: Vec<&str> = said.lines().filter(|line| !line.ends_with(": new")).collect();
        let expected = [
            "c.csv:452: number \"****-*****-*****-AAAAA\": this is no registration number",
            "c.csv:453: number \"****-*****-*****-*****-AAAAA\": line 2 has the same",
            "c.csv:454: MIKO-*****-*****-*****-BBBBB: email \"U10000@example.com\": the e-mail is that of the \
             number MIKO-*****-*****-*****-AAAAA",
            "c.csv:455: MIKO-*****-*****-*****-CCCCC: contact \"\": The field contact is required.",
            "c.csv:456: the record has 2 values",
            "g.json:1: grant 1 of MIKO-*****-*****-*****-AAAAA: product \"999\": there is no product 999",
            "g.json:2: product \"x\": an id is a whole number",
            "g.json:2: seats \"0\": this is a whole number of 1 to 100000",
        ];
        for expected in expected {
            assert!(lines.iter().any(|line| line.contains(expected)), "{expected} in {lines:#?}");
        }
        assert_eq!(lines.len(), expected.len() + 2, "and a sum for each file: {lines:#?}");
        assert!(lines.iter().all(|line| !line.contains("Imported")), "{lines:#?}");
    }
    assert_eq!(ok(admin(&data, "customer find Company")).lines().count(), 1, "nobody was found");

    for (line, says) in [("import --customers /nowhere/c.csv", "/nowhere/c.csv"), ("import", "--customers")] {
        let output = admin(&data, line);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(says), "{error}");
    }
}
