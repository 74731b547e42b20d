//! The witness against the words of `c2sp.org/tlog-witness`, over a real listener, with a clock that the test turns.

use std::sync::Arc;
use std::thread::JoinHandle;

use ledger::cosignature::{WitnessKey, from_answer};
use ledger::key::{KeyName, SigningKey, VerifierKey};
use ledger::note::{Note, NoteSignature};
use ledger::witness::AddCheckpoint;
use ledgerline_tests::{TileLog, submit};
use server::clock::ManualClock;
use server::random::SeededRandom;
use server::serve::Host;
use server::witness::{BODY_BYTES_MAX, Witness, WitnessError, serve};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

const ORIGIN: &str = "log.test/orders";
const NOW_S: u64 = 1_700_000_000;

/// A witness that is served on a port of its own; dropped, it stops.
struct Served {
    url: String,
    key: WitnessKey,
    clock: Arc<ManualClock>,
    folder: TempDir,
    stop: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

fn host(clock: &Arc<ManualClock>) -> Host {
    Host { clock: clock.clone(), random: Arc::new(SeededRandom::new(1)) }
}

fn at(now_s: u64) -> Arc<ManualClock> {
    Arc::new(ManualClock::at(i64::try_from(now_s * 1_000_000_000).unwrap()))
}

fn name() -> KeyName {
    KeyName::parse("witness.test/1").unwrap()
}

impl Served {
    fn new(logs: &[VerifierKey]) -> Self {
        Self::over(tempfile::tempdir().unwrap(), logs, NOW_S)
    }

    fn over(folder: TempDir, logs: &[VerifierKey], now_s: u64) -> Self {
        let clock = at(now_s);
        let witness = Arc::new(Witness::open(folder.path(), Some(&name()), logs, &host(&clock)).unwrap());
        let key = witness.key().clone();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let thread =
            std::thread::spawn(move || runtime.block_on(serve(witness, listener, async { drop(stopped.await) })));
        Self { url, key, clock, folder, stop: Some((stop, thread)) }
    }

    /// Stops it, and starts another over the same folder.
    fn again(mut self, logs: &[VerifierKey], now_s: u64) -> Self {
        self.end();
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        Self::over(folder, logs, now_s)
    }

    fn end(&mut self) {
        if let Some((stop, thread)) = self.stop.take() {
            drop(stop);
            thread.join().unwrap();
        }
    }

    /// The second at which it cosigned.
    fn cosigns(&self, what: &str, request: &AddCheckpoint) -> u64 {
        let (status, _, body) = submit(&self.url, &request.to_bytes()).unwrap();
        let said = String::from_utf8_lossy(&body).into_owned();
        assert_eq!(status, 200, "{what}: {said}");
        from_answer(&request.checkpoint, &body, &self.key).unwrap_or_else(|fault| panic!("{what}: {fault} in {said}")).1
    }

    fn answers(&self, what: &str, status: u16, body: &[u8]) -> String {
        let (found, kind, answer) = submit(&self.url, body).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert_eq!(found, status, "{what}: {answer}");
        let expected = if status == 409 { "text/x.tlog.size" } else { "text/plain; charset=utf-8" };
        assert_eq!(kind, expected, "{what}");
        answer
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end();
    }
}

#[test]
fn each_answer_of_the_protocol() {
    let (log, fork) = (TileLog::new(ORIGIN, 300, None), TileLog::new(ORIGIN, 300, Some(3)));
    let stranger = TileLog::new("log.test/stranger", 20, None);
    let served = Served::new(&[log.key(), TileLog::new("log.test/other", 1, None).key()]);
    let refused = |what: &str, status: u16, request: &AddCheckpoint| served.answers(what, status, &request.to_bytes());
    let conflict = |what: &str, size: u64, request: &AddCheckpoint| {
        assert_eq!(refused(what, 409, request), format!("{size}\n"), "{what}");
    };
    let with = |old, new, change: &dyn Fn(&mut AddCheckpoint)| {
        let mut request = log.request(old, new);
        change(&mut request);
        request
    };

    refused("an unknown log", 404, &stranger.request(0, 5));
    let unsigned = |change: &dyn Fn(&mut Note)| {
        with(0, 7, &|request| {
            let mut note = Note::new(request.checkpoint.text().to_owned()).unwrap();
            change(&mut note);
            request.checkpoint = note;
        })
    };
    let other = SigningKey::from_seed(KeyName::parse(ORIGIN).unwrap(), [9; 32]);
    refused("signed by another key of that name", 403, &unsigned(&|note| note.sign(&other).unwrap()));
    let own = log.key();
    let bad = |note: &mut Note| note.add(NoteSignature::new(own.name().clone(), own.id(), vec![0; 64]));
    refused("the log's line is a forgery", 403, &unsigned(&bad));
    conflict("another size than none", 0, &log.request(5, 7));
    refused("a proof from nothing", 422, &with(0, 7, &|request| request.proof = vec![[0; 32]]));
    refused("a proof from more than it leads to", 400, &with(7, 7, &|request| request.old_size = 8));

    assert_eq!(served.cosigns("the first", &log.request(0, 7)), NOW_S);
    assert_eq!(served.cosigns("the same again", &log.request(7, 7)), NOW_S);
    conflict("from nothing, known already", 7, &log.request(0, 9));
    conflict("a smaller one", 7, &log.request(5, 6));
    conflict("from more than is known", 7, &log.request(8, 9));
    conflict("another tree of that size", 7, &fork.request(7, 7));
    refused("a tree with another past", 422, &fork.request(7, 9));
    refused("no proof", 422, &with(7, 9, &|request| request.proof.clear()));
    refused("a proof of equals", 422, &with(7, 7, &|request| request.proof = log.proof(5, 7)));
    refused("a hash too many", 422, &with(7, 9, &|request| request.proof.push([1; 32])));
    refused("63 hashes", 422, &with(7, 9, &|request| request.proof = vec![[1; 32]; 63]));
    refused("64 hashes", 400, &with(7, 9, &|request| request.proof = vec![[1; 32]; 64]));
    assert_eq!(served.cosigns("over a full tile", &log.request(7, 256)), NOW_S);
    let more = with(256, 300, &|request| {
        // Lines of others are no business of a witness, whatever they are.
        request.checkpoint.sign(&other).unwrap();
        request.checkpoint.add(NoteSignature::new(KeyName::parse("pq.test").unwrap(), own.id(), vec![6; 2428]));
    });
    assert_eq!(served.cosigns("with others' signatures", &more), NOW_S);

    let good = log.request(300, 300).to_bytes();
    let text = String::from_utf8(good.clone()).unwrap();
    let malformed = |what: &str, body: &[u8]| drop(served.answers(what, 400, body));
    malformed("nothing", b"");
    malformed("no old line", &good["old 300\n".len()..]);
    malformed("a leading zero", text.replacen("old 300", "old 0300", 1).as_bytes());
    malformed("carriage returns", text.replace('\n', "\r\n").as_bytes());
    malformed("no empty line", text.replacen("\n\n", "\n", 1).as_bytes());
    malformed("a checkpoint without a root", text.replacen(text.lines().nth(4).unwrap(), "", 1).as_bytes());
    malformed("no text", &[0xff; 40]);
    malformed("no last line end", &good[..good.len() - 1]);
    malformed("surplus", &[good.as_slice(), b"x"].concat());
    let long = [good.as_slice(), &vec![b'x'; BODY_BYTES_MAX]].concat();
    assert_eq!(submit(&served.url, &long).unwrap().0, 413, "longer than a request may be");
    let client = reqwest::blocking::Client::new();
    assert_eq!(client.get(format!("{}/add-checkpoint", served.url)).send().unwrap().status(), 405);
    assert_eq!(client.post(format!("{}/checkpoint", served.url)).body(good).send().unwrap().status(), 404);
    assert_eq!(served.cosigns("after all that", &log.request(300, 300)), NOW_S);
}

#[test]
fn either_of_a_logs_keys_is_enough_and_extension_lines_are_cosigned() {
    let log = TileLog::new(ORIGIN, 20, None);
    let new = SigningKey::from_seed(KeyName::parse(ORIGIN).unwrap(), [8; 32]);
    let served = Served::new(&[log.key(), new.verifier().clone()]);
    let mut request = log.request(0, 7);
    let mut note = Note::new(format!("{}an extension\n", request.checkpoint.text())).unwrap();
    note.sign(&new).unwrap();
    request.checkpoint = note;
    served.cosigns("by the new key, with an extension line", &request);
    served.cosigns("by the old key", &log.request(7, 9));
    let mut both = log.request(9, 11);
    both.checkpoint.sign(&new).unwrap();
    served.cosigns("by both", &both);
}

#[test]
fn time_never_goes_back_and_a_restart_forgets_nothing() {
    let log = TileLog::new(ORIGIN, 20, None);
    let keys = [log.key()];
    let served = Served::new(&keys);
    assert_eq!(served.cosigns("now", &log.request(0, 7)), NOW_S);
    served.clock.jump_to(0);
    assert_eq!(served.cosigns("a clock that was set back", &log.request(7, 8)), NOW_S);
    served.clock.jump_to(i64::try_from((NOW_S + 5) * 1_000_000_000).unwrap());
    assert_eq!(served.cosigns("later", &log.request(8, 9)), NOW_S + 5);
    let key = served.key.clone();
    let served = served.again(&keys, NOW_S);
    assert_eq!(served.key, key, "a witness keeps its key");
    assert_eq!(served.answers("a smaller one", 409, &log.request(7, 8).to_bytes()), "9\n");
    assert_eq!(served.cosigns("after a restart under an older clock", &log.request(9, 9)), NOW_S + 5);
    // What it keeps can be read by anybody: the log's line and its own.
    let kept = std::fs::read_dir(served.folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let kept: Vec<_> = kept.filter(|path| path.extension().is_some_and(|end| end == "checkpoint")).collect();
    let note = Note::from_bytes(&std::fs::read(&kept[0]).unwrap()).unwrap();
    assert!(note.verify(&keys).is_ok() && kept.len() == 1);
    assert_eq!(ledger::cosignature::times(&note, &[key]).unwrap(), [(name(), NOW_S + 5)]);
}

#[test]
fn a_fork_is_kept_for_whoever_looks() {
    let (log, fork) = (TileLog::new(ORIGIN, 9, None), TileLog::new(ORIGIN, 9, Some(3)));
    let served = Served::new(&[log.key()]);
    served.cosigns("the first", &log.request(0, 7));
    served.answers("its fork", 409, &fork.request(7, 7).to_bytes());
    let forks = std::fs::read_dir(served.folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let forks: Vec<_> = forks.filter(|path| path.extension().is_some_and(|end| end == "fork")).collect();
    assert_eq!(std::fs::read(&forks[0]).unwrap(), fork.checkpoint(7).to_bytes());
    served.cosigns("the log goes on where it was", &log.request(7, 9));
}

#[test]
fn of_many_requests_at_once_one_is_cosigned() {
    let log = TileLog::new(ORIGIN, 200, None);
    let served = Served::new(&[log.key()]);
    let mut known = 0;
    for round in 0..20_u64 {
        let sizes: Vec<u64> = (1..=6).map(|step| known + step).collect();
        let requests: Vec<Vec<u8>> = sizes.iter().map(|size| log.request(known, *size).to_bytes()).collect();
        let answers: Vec<u16> = std::thread::scope(|scope| {
            let asked: Vec<_> =
                requests.iter().map(|request| scope.spawn(|| submit(&served.url, request).unwrap().0)).collect();
            asked.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        let cosigned: Vec<u64> =
            sizes.iter().zip(&answers).filter(|(_, status)| **status == 200).map(|(size, _)| *size).collect();
        assert_eq!(cosigned.len(), 1, "round {round}: of requests from one size one holds: {answers:?}");
        assert!(answers.iter().all(|status| [200, 409].contains(status)), "round {round}: {answers:?}");
        let kept = served.answers("asked from nothing", 409, &log.request(0, 1).to_bytes());
        assert_eq!(kept, format!("{}\n", cosigned[0]), "round {round}: what was cosigned is what is kept");
        known = cosigned[0];
    }
}

#[test]
fn a_folder_that_can_not_be_trusted_opens_no_witness() {
    use std::os::unix::fs::PermissionsExt as _;
    let log = TileLog::new(ORIGIN, 9, None);
    let keys = [log.key()];
    let folder = tempfile::tempdir().unwrap();
    let open = |name: Option<&KeyName>| Witness::open(folder.path(), name, &keys, &host(&at(NOW_S)));
    assert!(matches!(open(None), Err(WitnessError::Unnamed)));
    let witness = open(Some(&name())).unwrap();
    assert!(matches!(open(None), Err(WitnessError::Held(_))), "two witnesses over one folder");
    witness.add_checkpoint(&log.request(0, 7).to_bytes()).unwrap();
    drop(witness);
    let key = folder.path().join("witness.key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let other = KeyName::parse("witness.test/2").unwrap();
    assert!(matches!(open(Some(&other)), Err(WitnessError::Renamed { .. })));
    assert!(open(None).is_ok() && open(Some(&name())).is_ok());

    let kept = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let kept = kept.into_iter().find(|path| path.extension().is_some_and(|end| end == "checkpoint")).unwrap();
    let whole = std::fs::read(&kept).unwrap();
    let check = |what: &str, bytes: &[u8]| {
        std::fs::write(&kept, bytes).unwrap();
        assert!(matches!(open(None), Err(WitnessError::Memory(_))), "{what}");
    };
    check("emptied", b"");
    check("cut", &whole[..whole.len() - 5]);
    check("another checkpoint, which it did not cosign", &log.checkpoint(5).to_bytes());
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    check("its origin changed", &flipped(0));
    check("its size changed", &flipped(ORIGIN.len() + 1));
    std::fs::write(&kept, &whole).unwrap();
    assert!(open(None).is_ok());
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(open(None), Err(WitnessError::Open { mode: 0o644, .. })));
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&key, "PRIVATE+KEY+x\n").unwrap();
    assert!(matches!(open(None), Err(WitnessError::Key { .. })));
}
