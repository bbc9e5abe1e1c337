//! JSON Schemas (draft 2020-12) of the files people write, made from the very types that read them, so that an editor says what may stand
//! where, and cannot say it wrong.

use crate::campaigns::{BundleFile, CampaignFile};
use schemars::{JsonSchema, generate::SchemaSettings};
use std::{fs, io, path::Path};

/// A schema, and what its file is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// The file's name.
    pub name: &'static str,
    /// The file, with a line end at its end.
    pub text: String,
}

/// The schemas of a campaign's file and of the bundle's.
pub fn schemas() -> [Schema; 2] {
    [schema::<CampaignFile>("campaign.json"), schema::<BundleFile>("bundle.json")]
}

/// Writes the schemas into a folder, which is made if it is not there.
///
/// # Errors
/// The folder's.
pub fn write_schemas(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    schemas().iter().try_for_each(|schema| fs::write(folder.join(schema.name), &schema.text))
}

fn schema<T: JsonSchema>(name: &'static str) -> Schema {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    Schema { name, text: format!("{:#}\n", schema.as_value()) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn the_schemas_in_the_documentation_are_those_of_the_program() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema");
        if std::env::var_os("TOUCHPOINT_BLESS").is_some() {
            write_schemas(&folder).unwrap();
        }
        for Schema { name, text } in schemas() {
            let golden = fs::read_to_string(folder.join(name)).unwrap_or_default();
            assert!(golden == text, "docs/schema/{name} is another; TOUCHPOINT_BLESS=1 renews it");
        }
    }

    #[test]
    fn every_key_has_a_description_and_no_other_key_is_taken() {
        fn look(at: &str, schema: &serde_json::Value) {
            let properties = schema.get("properties").and_then(|properties| properties.as_object());
            for (key, property) in properties.into_iter().flatten() {
                assert!(property.get("description").is_some(), "{at}.{key}");
            }
            assert!(properties.is_none() || schema["additionalProperties"] == false, "{at}");
        }
        for Schema { name, text } in schemas() {
            let root: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(root["$schema"], "https://json-schema.org/draft/2020-12/schema");
            look(name, &root);
            root["$defs"].as_object().unwrap().iter().for_each(|(at, schema)| look(at, schema));
        }
    }
}
