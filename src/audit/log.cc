#include "audit/log.h"

#include <boost/json.hpp>

#include "audit/log_impl.h"
#include "base/limits.h"
#include "text/json.h"

namespace countersign::audit {
namespace {

namespace json = boost::json;

/// Records that are appended and not yet flushed; past it the caller flushes too seldom.
constexpr std::size_t kPendingBytesMax = 64 * 1024 * 1024;
/// Flushed bytes that are kept to be written again should an fsync fail; past it flush() syncs.
constexpr std::size_t kUnsyncedBytesMax = 8 * 1024 * 1024;
/// A step back of the clock below this is ordinary discipline (NTP) and not worth a record.
constexpr Duration kClockJumpMin = std::chrono::seconds(1);

/// Cannot fail: the bodies hold no floating-point numbers.
std::string body_of(const json::value& value) {
    return MUST(text::canonical_json(value));
}

}  // namespace

// --- Opening ----------------------------------------------------------------------------------

Result<void> Log::Impl::open() {
    if (!crypto::note_name_valid(options_.origin)) {
        return Error(ErrorCode::InvalidArgument,
                     "log: an origin must be non-empty without white space and \"+\"");
    }
    TRY(open_directory());
    TRY(check_key());
    TRY(checkpoints_.open(verifier()));
    const std::vector<std::uint64_t> segments = TRY(list_segments(files_, paths_));
    if (segments.empty()) {
        TRY(begin_log());
    } else {
        TRY(take_up(segments));
    }
    TRY(tiles_.resume(written_.frontier.size()));
    found_.checkpoint_size = checkpoints_.newest() ? checkpoints_.newest()->size : 0;
    return {};
}

Result<void> Log::Impl::open_directory() {
    TRY(files_.create_directory(paths_.directory));
    lock_ = TRY(files_.lock(paths_.lock()));
    TRY(files_.create_directory(paths_.segments()));
    TRY(files_.create_directory(paths_.blobs()));
    return files_.create_directory(paths_.tiles());
}

Result<void> Log::Impl::check_key() {
    const std::string ours = verifier().text() + "\n";
    const auto theirs = files_.read(paths_.key(), limits::kKeyFileBytesMax);
    if (!theirs.ok() && theirs.error().code == ErrorCode::NotFound) {
        return files_.replace(paths_.key(), ours);
    }
    if (!theirs.ok()) {
        return theirs.error();
    }
    if (theirs.value() != ours) {
        return Error(ErrorCode::Corrupt,
                     paths_.directory + ": the log was written with another key or origin",
                     "restore the gateway's key, or begin a new log in another directory");
    }
    return {};
}

Result<void> Log::Impl::begin_log() {
    if (checkpoints_.newest() && checkpoints_.newest()->size > 0) {
        return Error(ErrorCode::Corrupt, paths_.segments() +
                                             ": all records are missing; a checkpoint covers " +
                                             std::to_string(checkpoints_.newest()->size));
    }
    return begin_segment();
}

Result<void> Log::Impl::begin_segment() {
    SegmentHeader header;
    header.origin = options_.origin;
    header.first = written_.frontier.size();
    header.previous = written_.previous;
    header.peaks = written_.frontier.peaks();
    header.time = written_.time;
    const std::string line = print_header(header) + "\n";
    auto file = TRY(files_.open_append(paths_.segment(header.first)));
    // A start that failed or died half-way may have left bytes; nothing in them counts.
    TRY(file->truncate(0));
    TRY(file->append(line));
    TRY(file->sync());
    TRY(files_.sync_directory(paths_.segments()));
    active_ = std::move(file);
    segment_ = header.first;
    segment_bytes_ = line.size();
    synced_bytes_ = line.size();
    unsynced_.clear();
    reader_.add_segment(header.first);
    return {};
}

Result<void> Log::Impl::take_up(const std::vector<std::uint64_t>& segments) {
    const ChainEnd end =
        TRY(find_chain_end(files_, paths_, options_.origin, segments, checkpoints_.newest()));
    for (const std::uint64_t first : segments) {
        if (first <= end.segment) {
            reader_.add_segment(first);
        }
    }
    written_ = {end.frontier, end.previous, end.time};
    head_ = written_;
    found_.records = end.frontier.size();
    found_.cut_bytes = end.torn_bytes;
    if (end.headerless) {
        TRY(files_.remove(paths_.segment(*end.headerless)));
        TRY(files_.sync_directory(paths_.segments()));
    }
    if (end.bytes == 0) {
        return begin_segment();
    }
    segment_ = end.segment;
    segment_bytes_ = end.bytes;
    synced_bytes_ = end.bytes;
    durable_ = end.frontier.size();
    active_ = TRY(files_.open_append(paths_.segment(segment_)));
    if (end.torn_bytes > 0) {
        TRY(cut_torn(end));
    }
    // What the process before wrote and did not sync counts from now on.
    return active_->sync();
}

Result<void> Log::Impl::cut_torn(const ChainEnd& end) {
    const std::string torn = TRY(files_.read_at(paths_.segment(end.segment), end.bytes,
                                                static_cast<std::size_t>(end.torn_bytes)));
    TRY(files_.create_directory(paths_.cuts()));
    TRY(files_.replace(paths_.cuts() + "/" + std::to_string(end.frontier.size()), torn));
    TRY(active_->truncate(end.bytes));
    const json::value body = {{"cut_bytes", end.torn_bytes},
                              {"cut_digest", crypto::sha256(torn).text()},
                              {"records", end.frontier.size()}};
    TRY(append({RecordType::Recovery, body_of(body)}));
    return {};
}

// --- Appending --------------------------------------------------------------------------------

Result<Position> Log::Impl::append(const Record& record) {
    if (!trouble_.empty()) {
        return Error(ErrorCode::Unavailable, "the audit log cannot be written: " + trouble_,
                     "nothing is released until it can; see the gateway's own log");
    }
    if (record.body.size() > limits::kRecordBytesMax || pending_.size() > kPendingBytesMax) {
        return Error(ErrorCode::LimitExceeded, "log: record too large, or too many wait");
    }
    const Instant now = clock_.now();
    Position position;
    if (now < head_.time) {
        if (!clock_behind_ && head_.time.since(now) >= kClockJumpMin) {
            clock_behind_ = true;
            const json::value body = {{"from", format_instant(head_.time)},
                                      {"to", format_instant(now)}};
            TRY(append_line({RecordType::ClockJump, body_of(body)}, head_.time, position));
        }
        TRY(append_line(record, head_.time, position));
        return position;
    }
    clock_behind_ = false;
    TRY(append_line(record, now, position));
    return position;
}

Result<void> Log::Impl::append_line(const Record& record, Instant time, Position& position) {
    Envelope envelope;
    envelope.body = record.body;
    envelope.previous = head_.previous;
    envelope.seq = head_.frontier.size();
    envelope.time = time;
    envelope.type = record_type_name(record.type);
    std::string line = print_envelope(envelope);
    if (line.size() > kEntryBytesMax) {
        TRY(store_blob(record.body, envelope));
        line = print_envelope(envelope);
    }
    position.seq = envelope.seq;
    position.time = time;
    position.leaf = leaf_hash(line);
    pending_ += line;
    pending_ += '\n';
    pending_leaves_.push_back(position.leaf);
    head_.frontier.add(position.leaf);
    head_.previous = position.leaf;
    head_.time = time;
    return {};
}

Result<void> Log::Impl::store_blob(const std::string& body, Envelope& envelope) {
    BlobReference blob;
    blob.bytes = body.size();
    blob.digest = crypto::sha256(body);
    // Durable before the record that names it can be written. The same body may lie there already.
    TRY(files_.replace(paths_.blob(blob.digest), body));
    envelope.blob = blob;
    envelope.body = {};
    return {};
}

// --- Writing ----------------------------------------------------------------------------------

Error Log::Impl::fail(Error error) {
    trouble_ = error.message;
    head_ = written_;
    pending_.clear();
    pending_leaves_.clear();
    // What was refused may stand in the file already, and a kill before heal() would leave it for
    // the next start to take up. On a disk that refuses this too, that start is the judge.
    (void)active_->truncate(segment_bytes_);
    return error;
}

Result<void> Log::Impl::write_pending() {
    const bool has_records = written_.frontier.size() > segment_;
    if (has_records && segment_bytes_ + pending_.size() > options_.segment_bytes) {
        TRY(rotate());
    }
    return active_->append(pending_);
}

/// Takes the result of the fsync that runs beside us, if there is one (and it is over).
Result<void> Log::Impl::end_sync(Patience patience) {
    if (!syncing_) {
        return {};
    }
    if (patience == Patience::Wait) {
        active_->wait_synced();
    }
    auto result = active_->synced();
    if (!result) {
        return {};
    }
    const Syncing covered = *std::exchange(syncing_, std::nullopt);
    if (!result->ok()) {
        return fail(result->take_error());
    }
    unsynced_.erase(0, static_cast<std::size_t>(covered.bytes - synced_bytes_));
    synced_bytes_ = covered.bytes;
    durable_ = covered.records;
    return {};
}

Result<void> Log::Impl::rotate() {
    TRY(end_sync(Patience::Wait));
    // The old segment is durable before the new one exists, so a torn tail is always in the newest.
    TRY(active_->sync());
    synced_bytes_ = segment_bytes_;
    durable_ = written_.frontier.size();
    unsynced_.clear();
    return begin_segment();
}

void Log::Impl::accept() {
    for (const crypto::Digest& leaf : pending_leaves_) {
        tiles_.add(leaf);
    }
    segment_bytes_ += pending_.size();
    unsynced_ += pending_;
    pending_.clear();
    pending_leaves_.clear();
    written_ = head_;
}

Result<void> Log::Impl::flush() {
    if (!trouble_.empty()) {
        return Error(ErrorCode::Unavailable, "the audit log cannot be written: " + trouble_);
    }
    TRY(end_sync(Patience::Look));
    if (pending_.empty()) {
        return {};
    }
    if (unsynced_.size() + pending_.size() > kUnsyncedBytesMax) {
        return commit();
    }
    auto written = write_pending();
    if (!written.ok()) {
        return fail(written.take_error());
    }
    accept();
    return {};
}

Result<void> Log::Impl::commit() {
    if (!trouble_.empty()) {
        return Error(ErrorCode::Unavailable, "the audit log cannot be written: " + trouble_);
    }
    // The kernel tells a failed fsync once per open file: to whoever asks first.
    TRY(end_sync(Patience::Wait));
    if (pending_.empty() && unsynced_.empty()) {
        return {};
    }
    auto written = pending_.empty() ? Result<void>() : write_pending();
    if (written.ok()) {
        written = active_->sync();
    }
    if (!written.ok()) {
        return fail(written.take_error());
    }
    accept();
    synced_bytes_ = segment_bytes_;
    durable_ = written_.frontier.size();
    unsynced_.clear();
    return {};
}

Result<void> Log::Impl::sync_later() {
    TRY(flush());
    if (syncing_ || unsynced_.empty()) {
        return {};
    }
    if (!active_->start_sync().ok()) {
        return commit();
    }
    syncing_ = Syncing{segment_bytes_, written_.frontier.size()};
    return {};
}

Result<void> Log::Impl::heal() {
    if (trouble_.empty()) {
        return {};
    }
    if (syncing_) {
        // Whatever it says, all of it is written again below.
        active_->wait_synced();
        syncing_.reset();
    }
    const std::vector<std::uint64_t> segments = TRY(list_segments(files_, paths_));
    for (const std::uint64_t first : segments) {
        if (first > segment_) {
            TRY(files_.remove(paths_.segment(first)));
        }
    }
    TRY(files_.sync_directory(paths_.segments()));
    // After a failed fsync the kernel may hold the bytes as clean although they are not on disk, so
    // everything since the last good one is written again.
    auto file = TRY(files_.open_append(paths_.segment(segment_)));
    TRY(file->truncate(synced_bytes_));
    TRY(file->append(unsynced_));
    TRY(file->sync());
    active_ = std::move(file);
    synced_bytes_ = segment_bytes_;
    durable_ = written_.frontier.size();
    unsynced_.clear();
    reader_.forget_after(segment_);
    trouble_.clear();
    return {};
}

Result<std::string> Log::Impl::checkpoint() {
    TRY(commit());
    if (checkpoints_.newest() && checkpoints_.newest()->size == durable_) {
        return checkpoints_.note();
    }
    TreeHead head;
    head.origin = options_.origin;
    head.size = durable_;
    head.root = written_.frontier.root();
    const std::string note = TRY(crypto::sign_note(print_tree_head(head), options_.origin, key_));
    TRY(checkpoints_.store(head, note));
    return note;
}

// --- The interface ----------------------------------------------------------------------------

Log::Log(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Log::~Log() = default;

Result<std::unique_ptr<Log>> Log::open(Files& files, Clock& clock, crypto::SigningKey key,
                                       LogOptions options) {
    auto impl = std::make_unique<Impl>(files, clock, std::move(key), std::move(options));
    TRY(impl->open());
    // A Recovery record that open() made is part of what the caller is told is there.
    TRY(impl->commit());
    return std::make_unique<Log>(std::move(impl));
}

const LogState& Log::found() const {
    return impl_->found();
}
Result<Position> Log::append(const Record& record) {
    return impl_->append(record);
}
Result<void> Log::flush() {
    return impl_->flush();
}
Result<void> Log::commit() {
    return impl_->commit();
}
Result<void> Log::sync_later() {
    return impl_->sync_later();
}
Result<void> Log::heal() {
    return impl_->heal();
}
bool Log::healthy() const {
    return impl_->trouble().empty();
}
std::string Log::trouble() const {
    return impl_->trouble();
}
std::uint64_t Log::size() const {
    return impl_->size();
}
std::uint64_t Log::durable_size() const {
    return impl_->durable_size();
}
crypto::Digest Log::root() const {
    return impl_->root();
}
Result<std::string> Log::checkpoint() {
    return impl_->checkpoint();
}
Result<std::string> Log::read(std::uint64_t seq) {
    std::vector<std::string> lines = TRY(impl_->read_range(seq, 1));
    if (lines.empty()) {
        return Error(ErrorCode::NotFound, "the log has no record " + std::to_string(seq));
    }
    return std::move(lines.front());
}
Result<LogLine> Log::read_line(std::uint64_t seq) {
    return impl_->read_line(seq);
}
Result<std::vector<std::string>> Log::read_range(std::uint64_t first, std::size_t count) {
    return impl_->read_range(first, count);
}
Result<void> Log::each_of(std::uint64_t first, std::span<const RecordType> types,
                          const std::function<Result<void>(const ReadRecord&)>& visit) {
    return impl_->each_of(first, types, visit);
}
Result<std::vector<crypto::Digest>> Log::inclusion_proof(std::uint64_t seq, std::uint64_t size) {
    return impl_->inclusion(seq, size);
}
Result<std::vector<crypto::Digest>> Log::consistency_proof(std::uint64_t first,
                                                           std::uint64_t second) {
    return impl_->consistency(first, second);
}
Result<std::string> Log::public_file(std::string_view path) {
    return impl_->public_file(path);
}
crypto::NoteVerifier Log::verifier() const {
    return impl_->verifier();
}
const crypto::SigningKey& Log::key() const {
    return impl_->key();
}

}  // namespace countersign::audit
