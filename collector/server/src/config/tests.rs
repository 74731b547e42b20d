//! Tables over sources, faults and their places.

use super::*;
use std::path::Path;

fn sources(file: &str) -> Sources {
    Sources { file: Some(("l.toml".into(), file.to_owned())), ..Sources::default() }
}

/// The faults as text, or the word `ok`.
fn verdict(sources: &Sources) -> String {
    match Config::load(sources) {
        Ok(_) => "ok".to_owned(),
        Err(Faults(faults)) => faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

#[track_caller]
fn check(file: &str, wanted: &[&str]) {
    let verdict = verdict(&sources(file));
    if wanted.is_empty() {
        return assert_eq!(verdict, "ok", "{file}");
    }
    assert_eq!(verdict.lines().count(), wanted.len(), "{file}\n{verdict}");
    for (line, part) in verdict.lines().zip(wanted) {
        assert!(line.contains(part), "{file}\n{verdict}\nlacks: {part}");
    }
}

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

#[test]
fn defaults_stand_alone() {
    let Loaded { config, settings } = Config::load(&Sources::default()).unwrap();
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:5000");
    assert_eq!(config.intake.payload_bytes_max, 1 << 20);
    assert!(!config.kafka.is_configured());
    assert!(settings.iter().all(|setting| setting.origin == Origin::Default));
}

#[test]
fn each_fault_names_its_line_and_remedy() {
    check("", &[]);
    check(
        "data_dir = \"x\"\n[htp]\nlisten = \"127.0.0.1:1\"\n",
        &["l.toml:3: htp.listen is no known key; did you mean http.listen?"],
    );
    check("[http]\n\nlisten = 5\n", &["l.toml:3: http.listen can't be 5; write a"]);
    check("[http]\nlisten = \"0.0.0.0:5000\"\n", &["l.toml:2: http.listen is 0.0.0.0:5000, which others can reach"]);
    check("[http]\nlisten = \"[::]:5000\"\n", &["others can reach"]);
    check("[http]\nlisten = \"[::1]:5000\"\n", &[]);
    check("[http]\nlisten = \"localhost:5000\"\n", &[]);
    check(
        "[intake]\npayload_bytes_max = 33554433\n",
        &["l.toml:2: intake.payload_bytes_max can't be 33554433; must lie between 1024 and 33554432"],
    );
    check("[intake]\npayload_bytes_max = -1\n", &["write a whole number"]);
    check("[intake]\npayload_bytes_max = 16777217\n", &["less than one payload", "less than one payload"]);
    check("[intake]\ntopics = []\n", &["name at least one topic"]);
    check("[intake]\ntopics = [\"^lineage-.*\", \"other.topic\"]\n", &[]);
    check("[intake]\ntopics = [\"a b\"]\n", &["name at least one topic"]);
    check(
        "[intake.tenants]\n\"orders.lineage\" = \"Acme\"\n",
        &["l.toml:2: intake.tenants.orders.lineage can't be \"Acme\"; use 1 to 63"],
    );
    check("[intake]\ndefault_tenant = \"p-3\"\n", &["reserved"]);
    check("[ledger]\nname = \"a+b\"\n", &["l.toml:2: ledger.name"]);
    check(
        "[recorder]\ntick_interval_ms = 600000\ntick_jump_max_ms = 1000\n",
        &["l.toml:3: recorder.tick_jump_max_ms is 1000"],
    );
    check("roles = [\"recorder\"]\n", &["l.toml:1: roles leaves some out"]);
    check("roles = [\"intake\", \"publisher\", \"api\"]\n", &[]);
    check("roles = [\"boss\"]\n", &["l.toml:1: roles can't be [\"boss\"]; name some of intake"]);
    check("roles = [\"api\"]\n[kafka]\nbrokers = [\"b:9092\"]\n", &[]);
    check(
        "[snapshots]\nurl = \"gs://bucket\"\n",
        &["l.toml:2: snapshots.url can't be \"gs://bucket\"; write a folder's path"],
    );
    check("[snapshots]\ninterval_ms = 999\n", &["l.toml:2: snapshots.interval_ms can't be 999; must be 0, or lie"]);
    check("[snapshots]\ntrim = true\n", &["l.toml:2: snapshots.trim is on and snapshots.url is not set"]);
    check("[snapshots]\nurl = \"s3://b/p\"\n[snapshots.options]\nregion = \"eu-1\"\n", &[]);
    check("[snapshots.options]\nregoin = \"eu-1\"\n", &["l.toml:2: snapshots.options.regoin is no option of S3"]);
    check("[alerts]\nrunbook_base = \"\"\n", &["l.toml:2: alerts.runbook_base"]);
    check("[telemetry]\nlog_level = \"loud\"\n", &["l.toml:2: telemetry.log_level"]);
    check("[telemetry]\nlog_level = \"info,server::http=debug\"\n", &[]);
    check("[publisher]\ntransaction_timeout_ms = 15001\n", &["between 1000 and 15000"]);
    check("a = \n", &["l.toml:1: is not valid TOML"]);
    check("data_dir = \"a\"\ndata_dir = \"b\"\n", &["l.toml:2: is not valid TOML"]);
}

#[test]
fn kafka_takes_any_property_but_those_that_exactly_once_rests_on() {
    let file = "[kafka]\nbrokers = [\"b:9092\"]\nsecurity.protocol = \"SASL_SSL\"\n\"sasl.password\" = \"hush\"\n\"fetch.min.bytes\" = 3\n";
    let loaded = Config::load(&sources(file)).unwrap();
    let properties: Vec<_> = loaded.config.kafka.properties.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(properties, ["fetch.min.bytes=3", "sasl.password=hush", "security.protocol=SASL_SSL"]);
    assert!(!loaded.print().contains("hush"));
    for name in ["acks", "enable.idempotence", "isolation.level", "enable.auto.commit", "auto.offset.reset", "group.id"]
    {
        check(&format!("[kafka]\n\"{name}\" = \"1\"\n"), &[&format!("l.toml:2: kafka.{name} is set by ledgerline")]);
    }
    check(
        "[kafka]\ntransactional.id = \"x\"\ngroup.instance.id = \"y\"\n",
        &["kafka.transactional.id", "kafka.group.instance.id"],
    );
    check("[kafka]\nbrokers = [\"b\"]\n", &["host:port"]);
    check("[kafka]\nreader_group = \"two words\"\n", &["l.toml:2: kafka.reader_group"]);
    let kafka = Config::load(&sources("[kafka]\nreader_group = \"ours\"\n")).unwrap().config.kafka;
    assert_eq!((kafka.reader_group.as_deref(), kafka.properties.len()), (Some("ours"), 0));
    check("[kafka]\nmessage.max.bytes = 1000000\n", &["l.toml:2: kafka.message.max.bytes is 1000000, too little"]);
    check("[kafka]\nmessage.max.bytes = 3145728\n", &[]);
}

#[test]
fn witnesses_are_named_by_url_and_key() {
    const W1: &str = "witness.example/w1+8832d1ae+BNVCB9oZSXfc9Grb/sK8LnW1LVqKQhhP7f3AACTw4+ja";
    let named = |name: &str, text: &str| format!("[witnesses]\n{name} = \"{text}\"\n");
    let good = named("a", &format!("https://w.example/prefix/ {W1}"));
    let asked = Config::load(&sources(&good)).unwrap().config.witness.asked;
    assert_eq!((asked[0].url.as_str(), asked[0].key.to_text().as_str()), ("https://w.example/prefix", W1));
    check(&format!("{good}[witness]\nquorum = 1\n"), &[]);
    check("[witness]\nquorum = 1\n", &["l.toml:2: witness.quorum is 1, more than there are witnesses (0)"]);
    check(&format!("{good}[witness]\nquorum = 17\n"), &["between 0 and 16"]);
    check(&format!("{good}b = \"http://b {W1}\"\n"), &["l.toml:3: witnesses.b has the key of another witness"]);
    for wrong in ["https://w.example", W1, "w.example key", "https://w.example name+00+key"] {
        check(&named("a", wrong), &["l.toml:2: witnesses.a can't be"]);
    }
    let log = "https://w.example log.example/orders+9ad64287+AWa+fjMsekUzMr2dCn99sFX1xe8aBq2mbZizn7aBDEc6";
    check(&named("a", log), &["of signature type 0x01; a witness's is of type 0x04"]);
}

#[test]
fn tokens_are_read_and_hidden() {
    let file = format!(
        "[http]\nlisten = \"0.0.0.0:80\"\n[[http.tokens]]\nhash = \"{HASH}\"\ntenant = \"acme\"\nprincipal = \"airflow\"\nrole = \"producer\"\nexpires = 2027-01-01T00:00:00Z\n"
    );
    let loaded = Config::load(&sources(&file)).unwrap();
    let token = &loaded.config.http.tokens[0];
    assert_eq!((token.principal.as_str(), token.expires_ns), ("airflow", Some(1_798_761_600_000_000_000)));
    assert!(!loaded.print().contains(HASH) && !format!("{:?}", loaded.config).contains(HASH));

    let entry = |entry: &str| format!("[http]\ntokens = [{{ {entry} }}]\n");
    check(&entry("hash = \"12\", tenant = \"a\", principal = \"p\", role = \"admin\""), &["entry 1: hash wants"]);
    let with = |rest: &str| entry(&format!("hash = \"{HASH}\", {rest}"));
    check(&with("tenant = \"*\", principal = \"p\", role = \"admin\""), &[]);
    check(&with("tenant = \"*\", principal = \"p\", role = \"auditor\""), &["only an admin's tenant"]);
    check(&with("tenant = \"a\", principal = \"p\", role = \"boss\""), &["role wants one of producer"]);
    check(&with("tenant = \"a\", role = \"admin\""), &["principal wants"]);
    check(&with("tenant = \"a\", principal = \"p\", role = \"admin\", rolle = \"x\""), &["rolle is no known key"]);
    check(&with("tenant = \"a\", principal = \"p\", role = \"admin\", expires = \"soon\""), &["expires wants"]);
    let faults = verdict(&sources(&entry(&format!("hash = \"{HASH}\", role = 1"))));
    assert!(!faults.contains(HASH), "a fault quotes a hash: {faults}");
}

#[test]
fn later_sources_win_and_say_so() {
    let mut sources = sources("[http]\nlisten = \"127.0.0.1:1\"\nbatch_events_max = 5\n");
    let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    sources.environment = vec![
        variable("LEDGERLINE_HTTP__LISTEN", "127.0.0.1:2"),
        variable("LEDGERLINE_DATA_DIR", "/d"),
        variable("LEDGERLINE_INTAKE__TOPICS", "a,^b"),
        variable("LEDGERLINE_KAFKA__SECURITY__PROTOCOL", "SSL"),
        variable("LEDGERLINE_TOKEN", "a client's, not ours"),
        variable("HOME", "/"),
    ];
    let sources = sources.with_flag("listen", "http.listen", "127.0.0.1:3");
    let loaded = Config::load(&sources).unwrap();
    assert_eq!(loaded.config.http.listen.port(), 3);
    assert_eq!(loaded.config.kafka.properties["security.protocol"], "SSL");
    assert_eq!(loaded.config.intake.topics[1], TopicPattern::Pattern("^b".into()));
    let origin = |key: &str| loaded.settings.iter().find(|s| s.key == key).unwrap().origin.to_string();
    assert_eq!(origin("http.listen"), "--listen");
    assert_eq!(origin("http.batch_events_max"), "l.toml:3");
    assert_eq!(origin("data_dir"), "$LEDGERLINE_DATA_DIR");
}

#[test]
fn faults_of_every_source_come_at_once() {
    let mut sources = sources("[http]\nlissten = \"x\"\n[kafka]\nacks = \"0\"\n");
    sources.environment = vec![("LEDGERLINE_HTTP__REQUEST_TIMEOUT_MS".into(), "soon".into())];
    let sources = sources.with_flag("log-format", "telemetry.log_format", "xml");
    let text = verdict(&sources);
    let starts: Vec<_> = text.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(starts, ["l.toml:2", "l.toml:4", "$LEDGERLINE_HTTP__REQUEST_TIMEOUT_MS", "--log-format"]);
}

#[test]
fn what_is_printed_reads_back() {
    let file = "data_dir = \"/d\"\n[intake.tenants]\n\"a.b\" = \"acme\"\n[kafka]\nclient.id = \"c\"\n[telemetry]\notlp_endpoint = \"http://u:p@h:4318\"\n";
    let loaded = Config::load(&sources(file)).unwrap();
    let printed = loaded.print();
    assert!(printed.contains("http://(hidden)@h:4318") && !printed.contains("u:p"), "{printed}");
    let again = Config::load(&sources(&printed.replace("(hidden)@", "u:p@"))).unwrap();
    assert_eq!(again.config, loaded.config);
}

#[test]
fn the_commented_example_is_valid_commented_and_not() {
    let example = include_str!("../../../../ops/config/ledgerline.toml");
    check(example, &[]);
    let uncommented: String =
        example.lines().map(|line| line.strip_prefix("#= ").unwrap_or(line).to_owned() + "\n").collect();
    let loaded = Config::load(&sources(&uncommented)).map_err(|faults| faults.to_string()).unwrap();
    let unset: Vec<_> = loaded.settings.iter().filter(|s| s.origin == Origin::Default).map(|s| &s.key).collect();
    assert!(unset.is_empty(), "keys that the example does not show: {unset:?}");
}

#[test]
fn every_key_is_in_the_guide() {
    let guide = include_str!("../../../../docs/configuration.md");
    for setting in Config::load(&Sources::default()).unwrap().settings {
        assert!(guide.contains(&format!("| `{}` |", setting.key)), "docs/configuration.md lacks {}", setting.key);
    }
}

#[test]
fn a_named_file_must_exist() {
    assert!(Sources::default().with_file(Path::new("/nonexistent/l.toml")).is_err());
}
