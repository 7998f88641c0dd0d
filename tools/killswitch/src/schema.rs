// SPDX-License-Identifier: GPL-2.0-only

//! The JSON Schema of each `--json` output, generated from its type and kept in `schema/`, and
//! tests that output matches it.

use crate::{
    cve, explain,
    live::{
        apply::Applied,
        request::{Asked, Written},
        status, watch, why,
    },
    print::Suggested,
    scan,
    tests::{golden, source},
};
use jsonschema::Validator;
use schemars::{
    generate::SchemaSettings,
    transform::{RecursiveTransform, Transform},
    JsonSchema, Schema,
};
use serde_json::{Deserializer, Value};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// All schemas, by file name. Names of golden files begin with it, optionally followed by a hyphen.
fn schemas() -> [(&'static str, Value); 10] {
    [
        schema::<Applied>("apply"),
        schema::<Written<'_>>("change"),
        schema::<Asked>("check"),
        schema::<cve::Report>("cve"),
        schema::<explain::output::Record<'_>>("explain"),
        schema::<scan::Answer<'_>>("scan"),
        schema::<status::Report>("status"),
        schema::<Suggested<'_>>("suggest"),
        schema::<watch::Line<'_>>("watch"),
        schema::<why::Report>("why"),
    ]
}

/// The version of all schemas. It changes if fields are removed or change their meaning.
const VERSION: u32 = 1;

fn schema<T: JsonSchema>(name: &'static str) -> (&'static str, Value) {
    // Unwrap the lines of doc comments.
    let unfold = |schema: &mut Schema| {
        if let Some(text) = schema.get("description").and_then(Value::as_str) {
            let text = text.replace('\n', " ");

            schema.insert("description".into(), text.into());
        }
    };

    let mut schema = SchemaSettings::draft2020_12()
        .for_serialize()
        .with_transform(RecursiveTransform(unfold))
        .into_generator()
        .into_root_schema_for::<T>();

    let id = format!("urn:killswitch:schema:{name}:{VERSION}");

    schema.insert("$id".into(), id.into());
    schema.insert("title".into(), format!("killswitch {name}").into());
    (name, schema.to_value())
}

/// The same schema without additional fields, which only later versions of the program may add.
fn closed(schema: &Value) -> Value {
    let mut schema = Schema::try_from(schema.clone()).unwrap();
    let close = |schema: &mut Schema| {
        if schema.get("properties").is_some() {
            schema.insert("additionalProperties".into(), false.into());
        }
    };

    RecursiveTransform(close).transform(&mut schema);
    schema.to_value()
}

/// A validator that checks formats such as `date-time`.
pub fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(schema)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Validation errors of a value.
pub fn errors(validator: &Validator, value: &Value) -> Vec<String> {
    validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Validation errors of an answer, by the schema of this name.
pub fn wrong(name: &str, answer: &Value) -> Vec<String> {
    let schemas = schemas();
    let (_, schema) = schemas.iter().find(|it| it.0 == name).unwrap();

    errors(&validator(&closed(schema)), answer)
}

/// All JSON golden files.
fn answers() -> Vec<PathBuf> {
    let is_json = |path: &PathBuf| path.extension().is_some_and(|it| it == "json");
    let mut found: Vec<_> = ["live", "print", "scan"]
        .into_iter()
        .flat_map(|area| fs::read_dir(source(&format!("src/{area}/golden"))).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(is_json)
        .collect();

    found.sort();
    found
}

/// The values in a golden file: one, or one per line.
fn values(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();

    Deserializer::from_str(&text)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap()
}

/// The name of the schema of a golden file.
fn name(path: &Path) -> &str {
    let stem = path.file_stem().unwrap().to_str().unwrap();

    stem.split('-').next().unwrap()
}

#[test]
fn schemas_match_their_files() {
    for (name, schema) in schemas() {
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";

        assert!(jsonschema::meta::is_valid(&schema), "{name}");
        golden(&format!("schema/{name}.json"), &text);
    }
}

#[test]
fn answers_match_their_schemas() {
    let answers = answers();

    for (name, schema) in schemas() {
        let validator = validator(&closed(&schema));
        let own: Vec<_> = answers.iter().filter(|it| self::name(it) == name).collect();

        // explain has no golden files; its tests validate their output.
        assert!(
            name == "explain" || !own.is_empty(),
            "there is no golden file of {name}"
        );
        for path in own {
            for value in values(path) {
                assert_eq!(errors(&validator, &value), [""; 0], "{}", path.display());
            }
        }
    }
    let names: BTreeSet<_> = schemas().into_iter().map(|(name, _)| name).collect();
    for path in &answers {
        assert!(names.contains(name(path)), "{}", path.display());
    }
}

#[test]
fn answers_have_no_other_fields() {
    /// `value` with one more field in the object at `pointer`.
    fn with_more(value: &Value, pointer: &str) -> Value {
        let mut value = value.clone();
        let object = value.pointer_mut(pointer).unwrap();

        object["more"] = true.into();
        value
    }

    /// Collects the pointers of all objects.
    fn objects(value: &Value, at: String, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.push(at.clone());
                for (key, value) in fields {
                    objects(value, format!("{at}/{key}"), found);
                }
            }
            Value::Array(all) => {
                for (index, value) in all.iter().enumerate() {
                    objects(value, format!("{at}/{index}"), found);
                }
            }
            _ => {}
        }
    }

    for (name, schema) in schemas() {
        let validator = validator(&closed(&schema));

        for path in answers().iter().filter(|it| self::name(it) == name) {
            for value in values(path) {
                let mut found = Vec::new();

                objects(&value, String::new(), &mut found);
                for pointer in found {
                    assert!(
                        !validator.is_valid(&with_more(&value, &pointer)),
                        "{}: {pointer}",
                        path.display()
                    );
                }
            }
        }
    }
}
