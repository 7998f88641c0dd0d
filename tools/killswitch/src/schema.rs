// SPDX-License-Identifier: GPL-2.0-only

//! The JSON Schema of each answer with `--json`, which is made from its type and kept in `schema/`,
//! and tests that what is printed is as it says.

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

/// All schemas, by the names of their files. Golden files begin with the name, and perhaps a
/// hyphen.
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

/// The version of all of them. In another one, fields are missing or mean something else.
const VERSION: u32 = 1;

fn schema<T: JsonSchema>(name: &'static str) -> (&'static str, Value) {
    // As the source is folded.
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

/// The same, with which a field that the schema does not have is wrong: only a later version of the
/// program may have more.
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

/// A validator that knows formats such as `date-time`.
pub fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(schema)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// What is wrong with a value.
pub fn errors(validator: &Validator, value: &Value) -> Vec<String> {
    validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// What is wrong with an answer, as the schema of this name says.
pub fn wrong(name: &str, answer: &Value) -> Vec<String> {
    let schemas = schemas();
    let (_, schema) = schemas.iter().find(|it| it.0 == name).unwrap();

    errors(&validator(&closed(schema)), answer)
}

/// All golden files in JSON.
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

/// The values in a golden file: one, or one a line.
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
fn schemas_are_as_before() {
    for (name, schema) in schemas() {
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";

        assert!(jsonschema::meta::is_valid(&schema), "{name}");
        golden(&format!("schema/{name}.json"), &text);
    }
}

#[test]
fn answers_are_as_their_schemas_say() {
    let answers = answers();

    for (name, schema) in schemas() {
        let validator = validator(&closed(&schema));
        let own: Vec<_> = answers.iter().filter(|it| self::name(it) == name).collect();

        // The tests of explain have their own answers.
        assert!(
            name == "explain" || !own.is_empty(),
            "no golden file is of {name}"
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
fn nothing_else_is_in_an_answer() {
    /// `value`, with one more field in the object at `pointer`.
    fn with_more(value: &Value, pointer: &str) -> Value {
        let mut value = value.clone();
        let object = value.pointer_mut(pointer).unwrap();

        object["more"] = true.into();
        value
    }

    /// Where there are objects.
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
