//! The estate whose events the mix tells of: tables with columns, jobs with what they read, write and run.
//! Drawn once from the seed; it does not change while events come.

use super::random::Random;

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as the store names it.
    pub kind: &'static str,
    /// What a person wrote about it; often nothing.
    pub note: Option<String>,
}

/// A table or a folder of files.
#[derive(Clone, Debug)]
pub struct Table {
    /// OpenLineage namespace.
    pub namespace: String,
    /// OpenLineage name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
}

/// What runs a job, and so how its events look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A task of a scheduler.
    Airflow,
    /// A model of a transformation project.
    Dbt,
    /// A stage of a cluster application.
    Spark,
}

/// A job.
#[derive(Clone, Debug)]
pub struct Job {
    /// What runs it.
    pub engine: Engine,
    /// OpenLineage namespace.
    pub namespace: String,
    /// OpenLineage name.
    pub name: String,
    /// Places of what it reads.
    pub inputs: Vec<usize>,
    /// Place of what it writes.
    pub output: usize,
    /// What it runs.
    pub sql: String,
}

/// All of it.
#[derive(Clone, Debug)]
pub struct World {
    /// Tables.
    pub tables: Vec<Table>,
    /// Jobs.
    pub jobs: Vec<Job>,
}

const SYSTEMS: &[&str] = &[
    "snowflake://acme-eu-west-1",
    "postgres://orders-db.prod.acme.test:5432",
    "s3://acme-lake-curated",
    "s3://acme-lake-raw",
    "bigquery",
    "kafka://broker-1.acme.test:9092",
    "hive://metastore.acme.test:9083",
];
const AREAS: &[&str] = &[
    "sales",
    "finance",
    "logistics",
    "marketing",
    "support",
    "catalogue",
    "identity",
    "risk",
    "billing",
    "search",
    "fulfilment",
    "pricing",
];
const THINGS: &[&str] = &[
    "orders",
    "order_lines",
    "customers",
    "invoices",
    "payments",
    "refunds",
    "shipments",
    "carriers",
    "sessions",
    "page_views",
    "campaigns",
    "clicks",
    "tickets",
    "agents",
    "products",
    "prices",
    "stock_levels",
    "warehouses",
    "accounts",
    "ledger_entries",
    "chargebacks",
    "subscriptions",
    "devices",
    "addresses",
];
const LAYERS: &[&str] = &["raw", "stg", "int", "fct", "dim", "mart", "snapshot", "tmp"];
const PARTS: &[&str] = &[
    "customer",
    "order",
    "invoice",
    "created",
    "updated",
    "gross",
    "net",
    "tax",
    "currency",
    "country",
    "postal",
    "street",
    "status",
    "channel",
    "device",
    "session",
    "campaign",
    "source",
    "external",
    "parent",
    "shipping",
    "billing",
    "unit",
    "discount",
    "margin",
    "warehouse",
    "carrier",
    "tracking",
    "loyalty",
    "segment",
    "score",
    "valid",
    "loaded",
    "batch",
    "is_active",
    "is_test",
    "first",
    "last",
    "total",
    "average",
    "previous",
    "hashed",
    "normalised",
    "legacy",
];
const ENDS: &[&str] = &[
    "id", "key", "at", "date", "amount", "count", "code", "name", "flag", "rate", "type", "hash", "text", "ref", "pct",
];
const KINDS: &[&str] = &[
    "VARCHAR",
    "NUMBER(38,0)",
    "TIMESTAMP_NTZ",
    "BOOLEAN",
    "DATE",
    "string",
    "bigint",
    "double",
    "decimal(18,4)",
    "array<string>",
    "struct<a:int,b:string>",
    "timestamp",
];
const NOTES: &[&str] = &[
    "As the shop sent it; not cleaned.",
    "In minor units of the row's currency.",
    "UTC; null while the parcel is on its way.",
    "Joins to the customer dimension of the same day.",
    "Kept for the auditors until 2031.",
    "Salted, so that it can't be matched with the CRM.",
    "Empty before the migration of spring 2023.",
];

impl World {
    /// The estate of a seed.
    pub fn new(random: &mut Random) -> Self {
        let tables: Vec<Table> = (0..260).map(|number| table(random, number)).collect();
        let jobs = (0..220).map(|number| job(random, number, &tables)).collect();
        Self { tables, jobs }
    }

    /// A table with more columns than any other: where the largest events come from.
    pub fn wide(random: &mut Random) -> Table {
        Table { columns: (1_000..1_700).map(|number| column(random, number)).collect(), ..table(random, 999) }
    }
}

fn table(random: &mut Random, number: usize) -> Table {
    let (namespace, area, thing) = (random.one(SYSTEMS), random.one(AREAS), random.one(THINGS));
    let layer = random.one(LAYERS);
    let name = match namespace {
        text if text.starts_with("s3") => format!("{area}/{layer}/{thing}/v{}", number % 7),
        text if text.starts_with("kafka") => format!("{area}.{thing}.{layer}.{number}"),
        _ => format!("{area}_{layer}.{thing}_{number}"),
    };
    let columns = random.between(6, 48);
    let columns = (0..columns).map(|at| column(random, at)).collect();
    Table { namespace: namespace.to_owned(), name, columns }
}

fn column(random: &mut Random, at: usize) -> Column {
    let name = match random.below(4) {
        0 => format!("{}_{}", random.one(PARTS), random.one(ENDS)),
        1 => format!("{}_{}_{}", random.one(PARTS), random.one(PARTS), random.one(ENDS)),
        2 => format!("{}_{}{}", random.one(PARTS), random.one(ENDS), at),
        _ => format!("{}{}", random.one(PARTS), at),
    };
    let note = random.once_in(4).then(|| format!("{} ({})", random.one(NOTES), random.one(PARTS)));
    Column { name: format!("{name}_{at}"), kind: random.one(KINDS), note }
}

fn job(random: &mut Random, number: usize, tables: &[Table]) -> Job {
    let engine = [Engine::Airflow, Engine::Dbt, Engine::Spark][random.below(3)];
    let inputs: Vec<usize> = (0..random.between(1, 6)).map(|_| random.below(tables.len())).collect();
    let output = random.below(tables.len());
    let (area, thing) = (random.one(AREAS), random.one(THINGS));
    let (namespace, name) = match engine {
        Engine::Airflow => ("airflow-prod".to_owned(), format!("{area}_daily_{}.load_{thing}_{number}", number % 40)),
        Engine::Dbt => (format!("dbt-{area}"), format!("analytics.{area}.model.{area}.fct_{thing}_{number}")),
        Engine::Spark => ("spark-emr-eu".to_owned(), format!("{area}_{thing}_{number}.execute_insert_into_hadoop_fs")),
    };
    let sql = sql(random, &inputs, output, tables);
    Job { engine, namespace, name, inputs, output, sql }
}

/// A statement over the job's tables.
fn sql(random: &mut Random, inputs: &[usize], output: usize, tables: &[Table]) -> String {
    let mut text = format!("insert into {}\nselect\n", tables[output].name);
    for (at, column) in tables[output].columns.iter().enumerate().take(24) {
        let from = &tables[inputs[at % inputs.len()]];
        let source = &from.columns[random.below(from.columns.len())].name;
        let letter = char::from(b'a' + u8::try_from(at % inputs.len()).unwrap_or(0));
        text.push_str(&match random.below(4) {
            0 => format!("  coalesce({letter}.{source}, '{}') as {},\n", random.hex(6), column.name),
            1 => format!("  cast({letter}.{source} as {}) as {},\n", column.kind, column.name),
            2 => format!(
                "  sum(case when {letter}.{source} > {} then 1 else 0 end) as {},\n",
                random.below(900),
                column.name
            ),
            _ => format!("  {letter}.{source} as {},\n", column.name),
        });
    }
    text.push_str(&format!("  current_timestamp as loaded_at\nfrom {} a\n", tables[inputs[0]].name));
    for (at, input) in inputs.iter().enumerate().skip(1) {
        let letter = char::from(b'a' + u8::try_from(at).unwrap_or(0));
        let key = &tables[*input].columns[0].name;
        text.push_str(&format!(
            "left join {} {letter} on {letter}.{key} = a.{}\n",
            tables[*input].name,
            random.one(PARTS)
        ));
    }
    text.push_str(&format!("where a.loaded_at >= '2025-0{}-{:02}'", random.between(1, 9), random.between(1, 28)));
    text
}
