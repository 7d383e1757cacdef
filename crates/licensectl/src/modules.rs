//! Modules of MikoPBX: their files say which product and feature they need.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use license_client::{
    Client,
    types::{Entitlement, FeatureId, ProductId},
};
use license_texts::{Text, text};
use serde_json::{Map, Value};

use crate::fault::Fault;

/// The largest file that is read as a module's: far more than any has.
const LARGEST: u64 = 1024 * 1024;

/// The file of a module.
const FILE: &str = "module.json";

/// What a module comes to.
#[derive(Debug)]
pub(crate) enum Module {
    /// It needs a feature.
    Checked {
        /// Its name.
        name: String,
        /// Its file.
        path: PathBuf,
        /// What the feature comes to.
        entitlement: Box<Entitlement>,
    },
    /// It needs none.
    Free {
        /// Its name.
        name: String,
        /// Its file.
        path: PathBuf,
        /// The product that it belongs to, if it says so.
        product: Option<ProductId>,
    },
    /// The file is none of a module.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why it cannot be read.
        why: Text,
    },
}

impl Module {
    /// What it is called: a file that is no module by its path.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Checked { name, .. } | Self::Free { name, .. } => name.clone(),
            Self::Unreadable { path, .. } => path.display().to_string(),
        }
    }
}

/// The files of the modules in a folder, in the order of their names.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let wrong = |error: io::Error| {
        Fault::Usage(text!(
            "tool-wrong-field",
            flag = "--modules",
            why = Text::verbatim(format!("{}: {error}", folder.display()))
        ))
    };
    let entries: Vec<_> = fs::read_dir(folder).and_then(Iterator::collect).map_err(wrong)?;
    let paths = entries.into_iter().map(|entry| entry.path().join(FILE));
    let mut files: Vec<_> = paths.filter(|path| path.symlink_metadata().is_ok()).collect();
    if files.is_empty() {
        return Err(Fault::Usage(text!("tool-modules-none", folder = folder.display().to_string())));
    }
    files.sort();
    Ok(files)
}

/// What the modules of these files come to, in their order.
pub(crate) fn check(files: Vec<PathBuf>, client: &mut Client) -> Result<Vec<Module>, Fault> {
    let needs: Vec<_> = files.into_iter().map(|path| (read(&path), path)).collect();
    let features = needs.iter().filter_map(|(need, _)| need.as_ref().ok()?.feature).collect::<Vec<_>>();
    let checked = if features.is_empty() { Vec::new() } else { client.check_many(features)? };
    let mut checked = checked.into_iter();
    let module = |(need, path): (Result<Need, Text>, PathBuf)| match need {
        Err(why) => Module::Unreadable { path, why },
        Ok(Need { name, product, feature }) => match feature.and_then(|_| checked.next()) {
            Some(entitlement) => Module::Checked { name, path, entitlement: Box::new(entitlement) },
            None => Module::Free { name, path, product },
        },
    };
    Ok(needs.into_iter().map(module).collect())
}

/// What a module needs.
#[derive(Debug, PartialEq, Eq)]
struct Need {
    name: String,
    product: Option<ProductId>,
    feature: Option<FeatureId>,
}

fn read(path: &Path) -> Result<Need, Text> {
    let unreadable = |error: io::Error| text!("tool-module-unreadable", why = error.to_string());
    let is_file = fs::metadata(path).map_err(unreadable)?.is_file();
    let mut text = String::new();
    // What is no file, a pipe for one, may never end.
    if is_file {
        File::open(path).and_then(|it| it.take(LARGEST).read_to_string(&mut text)).map_err(unreadable)?;
    }
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
    need(&text, &folder.to_string_lossy())
}

/// What the file of a module says. It is called as its folder where it has no name.
fn need(text: &str, folder: &str) -> Result<Need, Text> {
    let Ok(Value::Object(module)) = serde_json::from_str(text) else {
        return Err(text!("tool-module-no-object"));
    };
    let name = module.get("moduleUniqueID").and_then(Value::as_str).filter(|name| !name.is_empty());
    Ok(Need {
        name: name.unwrap_or(folder).to_owned(),
        product: id(&module, "lic_product_id")?.map(ProductId),
        feature: id(&module, "lic_feature_id")?.map(FeatureId),
    })
}

/// An id, written as a number or as a text: absent or 0 is none.
fn id(module: &Map<String, Value>, field: &'static str) -> Result<Option<u32>, Text> {
    let id = match module.get(field) {
        None | Some(Value::Null) => Some(0),
        Some(Value::Number(number)) => number.as_u64().and_then(|number| number.try_into().ok()),
        Some(Value::String(digits)) => digits.parse().ok(),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => None,
    };
    let id = id.ok_or_else(|| text!("tool-module-no-number", field = field))?;
    Ok((id > 0).then_some(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbers_or_texts_and_none_of_them_is_free() {
        for (file, product, feature) in [
            (r#"{"lic_product_id":81,"lic_feature_id":45}"#, Some(81), Some(45)),
            (r#"{"lic_product_id":"81","lic_feature_id":"45"}"#, Some(81), Some(45)),
            (r#"{"lic_product_id":0,"lic_feature_id":"0"}"#, None, None),
            (r#"{"lic_feature_id":null}"#, None, None),
            ("{}", None, None),
        ] {
            let need = need(file, "ModuleX").unwrap();
            assert_eq!(
                (need.product, need.feature),
                (product.map(ProductId), feature.map(FeatureId)),
                "{file}"
            );
            assert_eq!(need.name, "ModuleX");
        }
        assert_eq!(need(r#"{"moduleUniqueID":"ModuleAmoCrm"}"#, "x").unwrap().name, "ModuleAmoCrm");
    }

    #[test]
    fn what_is_no_module_is_told_why() {
        for file in ["", "[]", r#"{"lic_feature_id":4"#, "null"] {
            assert_eq!(need(file, "x"), Err(text!("tool-module-no-object")), "{file}");
        }
        for file in ["-1", "4.5", "\"amo\"", "\"\"", "true", "[45]", "4294967296"] {
            let file = format!(r#"{{"lic_feature_id":{file}}}"#);
            let why = text!("tool-module-no-number", field = "lic_feature_id");
            assert_eq!(need(&file, "x"), Err(why), "{file}");
        }
    }

    #[test]
    fn a_pipe_is_no_module_and_hangs_nobody() {
        assert_eq!(read(Path::new("/dev/zero")), Err(text!("tool-module-no-object")));
    }
}
