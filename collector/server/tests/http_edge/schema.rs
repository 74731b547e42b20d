//! As much of JSON Schema as the description uses; an unknown word is a violation, so that nothing passes unread.

use serde_json::Value;

/// Words that say nothing about validity.
const SAID_ONLY: [&str; 6] = ["description", "example", "examples", "format", "title", "propertyNames"];

/// Everything in which `value` breaks `schema`.
pub fn violations(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let Some(words) = schema.as_object() else { return vec![format!("{at}: the schema is {schema}")] };
    let mut found = Vec::new();
    for (word, wanted) in words {
        match word.as_str() {
            "$ref" => {
                let pointer = wanted.as_str().unwrap().trim_start_matches('#');
                let target = document.pointer(pointer).unwrap_or_else(|| panic!("{pointer} leads nowhere"));
                found.extend(violations(document, target, value, at));
            }
            "type" if !fits(wanted, value) => {
                found.push(format!("{at}: is no {}", wanted.as_str().unwrap_or("such type")))
            }
            "type" => {}
            "enum" if !wanted.as_array().unwrap().contains(value) => found.push(format!("{at}: is none of {wanted}")),
            "enum" => {}
            "required" => {
                let missing =
                    wanted.as_array().unwrap().iter().filter(|name| value.get(name.as_str().unwrap()).is_none());
                found.extend(missing.map(|name| format!("{at}.{}: is missing", name.as_str().unwrap())));
            }
            "properties" => {
                for (name, inner) in wanted.as_object().unwrap() {
                    let member = value.get(name);
                    found.extend(
                        member.into_iter().flat_map(|m| violations(document, inner, m, &format!("{at}.{name}"))),
                    );
                }
                let known = wanted.as_object().unwrap();
                let extra =
                    value.as_object().into_iter().flat_map(|o| o.keys()).filter(|name| !known.contains_key(*name));
                found.extend(extra.map(|name| format!("{at}.{name}: is not described")));
            }
            "additionalProperties" => {
                let members = value.as_object().into_iter().flatten().filter(|_| wanted.is_object());
                found.extend(members.flat_map(|(n, m)| violations(document, wanted, m, &format!("{at}.{n}"))));
            }
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                found.extend(items.flat_map(|(n, item)| violations(document, wanted, item, &format!("{at}[{n}]"))));
            }
            "oneOf" | "anyOf" => {
                let tried = wanted.as_array().unwrap().iter().map(|one| violations(document, one, value, at));
                let fitting = tried.filter(Vec::is_empty).count();
                found.extend((fitting == 0).then(|| format!("{at}: fits none of {word}")));
            }
            "minimum" => found.extend((value.as_f64() < wanted.as_f64()).then(|| format!("{at}: is below {wanted}"))),
            "maximum" => found.extend((value.as_f64() > wanted.as_f64()).then(|| format!("{at}: is above {wanted}"))),
            "maxItems" | "minItems" => {
                let count = value.as_array().map_or(0, Vec::len) as u64;
                let bound = wanted.as_u64().unwrap();
                let breaks = if word == "maxItems" { count > bound } else { count < bound };
                found.extend(breaks.then(|| format!("{at}: has {count} items")));
            }
            "pattern" if value.as_str().is_none_or(|text| text.parse::<server::http::model::Position>().is_err()) => {
                found.push(format!("{at}: does not match {wanted}"));
            }
            "pattern" => {}
            other if SAID_ONLY.contains(&other) => {}
            other => found.push(format!("{at}: the checker does not know {other}")),
        }
    }
    found
}

fn fits(wanted: &Value, value: &Value) -> bool {
    match wanted {
        Value::Array(any) => any.iter().any(|one| fits(one, value)),
        Value::String(one) => match one.as_str() {
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            "null" => value.is_null(),
            _ => false,
        },
        _ => false,
    }
}
