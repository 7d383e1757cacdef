//! Columns as typed values.

use std::{collections::HashMap, str::FromStr};

use license_core::crypto::PublicKey;
use license_types::UnixTime;
use serde::de::DeserializeOwned;
use sqlx::{Row, sqlite::SqliteRow};

use super::StoreError;

/// Host keys by their text. To read one from its text takes a square root in its field, which is as much work
/// as the rest of a row.
pub(super) struct KnownKeys(HashMap<String, PublicKey>);

impl KnownKeys {
    pub(super) fn new(keys: &[PublicKey]) -> Self {
        Self(keys.iter().map(|key| (key.to_string(), *key)).collect())
    }
}

/// A row whose columns are read by name.
pub(super) struct Fields<'r>(pub(super) &'r SqliteRow);

impl Fields<'_> {
    pub(super) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        Ok(self.0.try_get(column)?)
    }

    pub(super) fn optional_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        Ok(self.0.try_get(column)?)
    }

    pub(super) fn parsed<T: FromStr>(&self, column: &'static str) -> Result<T, StoreError> {
        self.text(column)?.parse().map_err(|_| StoreError::Unreadable { column })
    }

    pub(super) fn key(&self, column: &'static str, known: &KnownKeys) -> Result<PublicKey, StoreError> {
        let text: &str = self.0.try_get(column)?;
        match known.0.get(text) {
            Some(key) => Ok(*key),
            None => text.parse().map_err(|_| StoreError::Unreadable { column }),
        }
    }

    pub(super) fn optional_parsed<T: FromStr>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        let text = self.optional_text(column)?;
        text.map(|text| text.parse().map_err(|_| StoreError::Unreadable { column })).transpose()
    }

    pub(super) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(column)?).map_err(|_| StoreError::Unreadable { column })
    }

    pub(super) fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, StoreError> {
        T::try_from(self.0.try_get(column)?).map_err(|_| StoreError::Unreadable { column })
    }

    pub(super) fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.0.try_get(column)?)
    }

    pub(super) fn time(&self, column: &'static str) -> Result<UnixTime, StoreError> {
        Ok(UnixTime(self.0.try_get(column)?))
    }

    pub(super) fn optional_time(&self, column: &'static str) -> Result<Option<UnixTime>, StoreError> {
        Ok(self.0.try_get::<Option<i64>, _>(column)?.map(UnixTime))
    }

    pub(super) fn bytes(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        Ok(self.0.try_get(column)?)
    }
}
