//! Today's MikoPBX, which asks the gateway of its host: played by PHP, since it is PHP that calls and reads.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{Gateway, Host, bystanders::interpreter, programs::workspace};

/// A PBX with the gateway that it asks. Its settings outlive everything.
#[derive(Debug)]
pub struct Pbx {
    /// The gateway.
    pub gateway: Gateway,
    folder: PathBuf,
}

impl Pbx {
    /// The PBX on this host, with a gateway that does not run yet.
    pub fn prepared(host: &Host) -> Self {
        let folder = host.beside("pbx");
        fs::create_dir_all(&folder).unwrap();
        Self { gateway: Gateway::beside(host, &key_file(&folder)), folder }
    }

    /// The PBX on this host. Its gateway runs.
    pub fn on(host: &Host) -> Self {
        let mut pbx = Self::prepared(host);
        pbx.gateway.start();
        pbx
    }

    /// The file into which the PBX writes its number.
    pub fn key_file(&self) -> PathBuf {
        key_file(&self.folder)
    }

    /// Takes over the settings of another PBX, as who restores a backup does.
    pub fn restore(&self, from: &Self) {
        fs::copy(from.folder.join("settings.json"), self.folder.join("settings.json")).unwrap();
    }

    /// Begins steps; see tests/php/mikopbx.php.
    pub fn begins(&self, steps: &Value) -> Playing {
        self.begins_at(&self.gateway.url(), steps)
    }

    fn begins_at(&self, gateway: &str, steps: &Value) -> Playing {
        let mut php = interpreter("php", &["--ri", "curl"], "php-curl");
        php.arg(workspace().join("tests/php/mikopbx.php")).arg(gateway).arg(&self.folder);
        let mut php = php.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        php.stdin.take().unwrap().write_all(steps.to_string().as_bytes()).unwrap();
        Playing(php)
    }

    /// Takes one step.
    pub fn plays(&self, step: &Value) -> Played {
        self.begins(&json!([step])).ends().remove(0)
    }

    /// Takes a step that needs nothing to be told: `boot`, `hourly`.
    pub fn does(&self, step: &str) -> Played {
        self.plays(&json!({ "step": step }))
    }

    /// Enters a number, and gives what came of it.
    pub fn enters(&self, number: &str) -> Played {
        self.plays(&json!({ "step": "enterNumber", "number": number }))
    }

    /// Calls a method in the shape in which it is called today.
    pub fn calls(&self, method: &str, parameters: &Value) -> Call {
        self.calls_as("get", method, parameters)
    }

    /// Calls a method in another shape, `post`.
    pub fn calls_as(&self, shape: &str, method: &str, parameters: &Value) -> Call {
        let step = json!({ "step": "call", "method": method, "parameters": parameters, "shape": shape });
        self.plays(&step).only_call()
    }

    /// Calls a method over the Unix socket of the gateway.
    pub fn calls_over(&self, socket: &Path, method: &str, parameters: &Value) -> Call {
        let step = json!({ "step": "call", "method": method, "parameters": parameters });
        self.begins_at(&format!("unix:{}", socket.display()), &json!([step])).ends().remove(0).only_call()
    }

    /// Calls a method, and goes away before the answer.
    pub fn calls_and_hangs_up(&self, method: &str, parameters: &Value, after: Duration) {
        let milliseconds = u64::try_from(after.as_millis()).unwrap();
        let step =
            json!({ "step": "call", "method": method, "parameters": parameters, "hangUpMs": milliseconds });
        let played = self.begins(&json!([step])).ends_anyhow().remove(0);
        assert_eq!(played.calls[0].0["status"], 0, "the answer was to be lost: {played:?}");
    }

    /// May this feature be used? `200`, or the status and the code.
    pub fn asks(&self, feature: u32) -> String {
        self.calls("featureavailable", &json!({ "feature": feature })).came_to()
    }

    /// What the page shows of the license.
    pub fn license(&self) -> License {
        let call = self.calls("getlicenseinfo", &json!({}));
        let info = &call.0["info"];
        assert!(info.is_object(), "no XML: {call:?}");
        License(info.clone())
    }
}

fn key_file(folder: &Path) -> PathBuf {
    folder.join("nats_cache/license.key")
}

/// Steps that are being taken.
#[derive(Debug)]
pub struct Playing(Child);

impl Playing {
    /// Waits until they are all taken. Every call must have got an answer that means what is read.
    pub fn ends(self) -> Vec<Played> {
        let played = self.ends_anyhow();
        for call in played.iter().flat_map(|played| &played.calls) {
            assert_eq!(call.0["defect"], Value::Null, "{call:#?}");
        }
        played
    }

    /// Waits until they are all taken, whatever was answered.
    pub fn ends_anyhow(self) -> Vec<Played> {
        let output = self.0.wait_with_output().unwrap();
        assert!(output.status.success(), "the PHP program failed: {output:?}");
        let lines = str::from_utf8(&output.stdout).unwrap().lines();
        lines.map(|line| Played::from(serde_json::from_str(line).unwrap())).collect()
    }
}

/// A step that was taken.
#[derive(Debug)]
pub struct Played {
    /// What a person sees.
    pub shown: Value,
    /// What was called.
    pub calls: Vec<Call>,
    /// The settings of the PBX afterwards.
    pub settings: Value,
}

impl Played {
    fn from(mut line: Value) -> Self {
        let calls = line["calls"].as_array().unwrap().iter().cloned().map(Call).collect();
        Self { shown: line["shown"].take(), calls, settings: line["settings"].take() }
    }

    /// The one call of the step.
    pub fn only_call(mut self) -> Call {
        assert_eq!(self.calls.len(), 1, "{self:?}");
        self.calls.remove(0)
    }

    /// What was called and what came of it, in order: `addtrial 200`.
    pub fn came_to(&self) -> Vec<String> {
        self.calls.iter().map(|call| format!("{} {}", call.method(), call.came_to())).collect()
    }

    /// The number that the PBX has now.
    pub fn number(&self) -> &str {
        self.settings["number"].as_str().unwrap()
    }
}

/// A call, and how its answer was read.
#[derive(Debug)]
pub struct Call(Value);

impl Call {
    /// The status, and the code if there is one: `200`, `403 2008`.
    pub fn came_to(&self) -> String {
        let status = &self.0["status"];
        let coded = self.0["error"].as_str().and_then(|error| error.strip_prefix('(')?.split_once(") "));
        coded.map_or_else(|| status.to_string(), |(code, _)| format!("{status} {code}"))
    }

    /// The method.
    pub fn method(&self) -> &str {
        self.0["method"].as_str().unwrap()
    }

    /// What the person reads: `success`, a code, `wrong number`, `no answer`.
    pub fn understood(&self) -> &str {
        self.0["understood"].as_str().unwrap()
    }

    /// The text of the success.
    pub fn text(&self) -> &str {
        self.0["text"].as_str().unwrap_or_else(|| panic!("no success: {self:#?}"))
    }

    /// The text of the failure.
    pub fn error(&self) -> &str {
        self.0["error"].as_str().unwrap_or_else(|| panic!("no failure: {self:#?}"))
    }

    /// The session, which tells one captured seat.
    pub fn session(&self) -> &str {
        self.0["session"].as_str().unwrap_or_else(|| panic!("no session: {self:#?}"))
    }

    /// The status.
    pub fn status(&self) -> u64 {
        self.0["status"].as_u64().unwrap()
    }

    /// The body as it came.
    pub fn body(&self) -> &str {
        self.0["body"].as_str().unwrap()
    }

    /// How long it took.
    pub fn took(&self) -> Duration {
        Duration::from_secs_f64(self.0["milliseconds"].as_f64().unwrap() / 1e3)
    }
}

/// The license as the page has it: XML that became JSON.
#[derive(Debug)]
pub struct License(pub Value);

impl License {
    /// An attribute of the root.
    pub fn attribute(&self, name: &str) -> &str {
        self.0["@attributes"][name].as_str().unwrap_or_else(|| panic!("no {name}: {self:#?}"))
    }

    /// The names of the attributes of the root.
    pub fn attributes(&self) -> Vec<&str> {
        self.0["@attributes"].as_object().unwrap().keys().map(String::as_str).collect()
    }

    /// The products with their attributes; below each its features with theirs.
    pub fn products(&self) -> Vec<(&Value, Vec<&Value>)> {
        let products = listed(&self.0["product"]).into_iter();
        products.map(|product| (&product["@attributes"], features(product))).collect()
    }

    /// The attributes of the product of this name.
    pub fn product(&self, name: &str) -> &Value {
        let found = self.products().into_iter().find(|(product, _)| product["name"] == name);
        found.unwrap_or_else(|| panic!("no {name}: {self:#?}")).0
    }
}

/// The attributes of the features of a product.
fn features(product: &Value) -> Vec<&Value> {
    listed(&product["feature"]).into_iter().map(|feature| &feature["@attributes"]).collect()
}

/// SimpleXML makes a list of several elements, and no list of one.
fn listed(elements: &Value) -> Vec<&Value> {
    match elements.as_array() {
        Some(elements) => elements.iter().collect(),
        None if elements.is_null() => Vec::new(),
        None => vec![elements],
    }
}
