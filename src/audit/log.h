// The append-only audit log: canonical JSON records (RFC 8785), one a line, chained by hash and
// gathered in an RFC 6962 Merkle tree, on disk in segments; tree heads signed as C2SP checkpoints.
// Layout: docs/formats/record.md; checkpoints: docs/formats/checkpoint.md.
//
// Three steps, so that one fsync serves all that wait:
//   append()  gives the record its number and place in the chain; in memory only
//   flush()   hands all appended records to the system: they survive the death of this process
//   commit()  flush() and fsync: they survive power loss
// and sync_later(), a flush() whose fsync runs beside the caller. An answer that releases a tier 2
// action goes out after commit(), any other one after flush().
//
// Failure: when one of them fails, every record since the last successful one is dropped
// (nothing of it was acknowledged), the file is cut back to what was acknowledged, and the log is
// unhealthy: append() gives Unavailable until heal() succeeds. The gate then denies everything.
//
// Two gateways on one log: the second open() gets Conflict. Not thread safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/files.h"
#include "audit/merkle.h"
#include "audit/records.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "crypto/keys.h"
#include "crypto/note.h"

namespace countersign::audit {

/// One line of the log, at most; longer bodies are stored beside it under their digest. The bound
/// is that of a C2SP tlog-tiles entry.
inline constexpr std::size_t kEntryBytesMax = 65'535;

struct LogOptions {
    std::string directory;  ///< created when missing; only this user can enter it
    /// Names this log in checkpoints, such as "countersign.example/host"; also the key's name.
    std::string origin;
    /// A segment is closed when it reaches this size; start-up reads one segment.
    std::uint64_t segment_bytes = 16 * 1024 * 1024;
};

/// Where a record stands.
struct Position {
    std::uint64_t seq = 0;  ///< from 0
    crypto::Digest leaf;    ///< RFC 6962 leaf hash
    Instant time;           ///< as recorded; never less than the record's before it
};

/// A record as it stands in the log: the line that was hashed, and the body that lies aside.
struct LogLine {
    std::string line;
    std::optional<std::string> body;
};

/// What open() found.
struct LogState {
    std::uint64_t records = 0;
    std::uint64_t cut_bytes = 0;        ///< torn tail that was cut
    std::uint64_t checkpoint_size = 0;  ///< size that the last signed checkpoint covers
};

class Log {
    class Impl;

public:
    /// Opens or creates. Cuts a torn tail and appends a Recovery record about it. Errors: Conflict
    /// (locked), Corrupt (a record that a checkpoint covers is damaged or missing, or the directory
    /// is not a log), Io, InvalidArgument (origin). `files` and `clock` must outlive the log.
    static Result<std::unique_ptr<Log>> open(Files& files, Clock& clock, crypto::SigningKey key,
                                             LogOptions options);
    explicit Log(std::unique_ptr<Impl> impl);  ///< open() makes logs
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    /// What was found at open.
    [[nodiscard]] const LogState& found() const;

    /// Unavailable: unhealthy. LimitExceeded: the body is longer than limits::kRecordBytesMax.
    /// Io: a long body could not be stored. After an error nothing was appended.
    Result<Position> append(const Record& record);
    Result<void> flush();
    Result<void> commit();
    /// flush(), and starts an fsync of all that is flushed, unless one is under way. What it made
    /// durable counts (durable_size()) from the next call of any of the three on, and that call
    /// fails if the fsync has failed.
    Result<void> sync_later();
    /// Tries to repair after a failure; success: append() works again. Call it from a timer.
    Result<void> heal();
    [[nodiscard]] bool healthy() const;
    /// The last failure's message; empty when healthy.
    [[nodiscard]] std::string trouble() const;

    [[nodiscard]] std::uint64_t size() const;          ///< appended
    [[nodiscard]] std::uint64_t durable_size() const;  ///< committed
    [[nodiscard]] crypto::Digest root() const;         ///< over everything appended

    /// Commits, signs the tree head, stores it durably and gives the note. When nothing was added
    /// since the last one, gives that one.
    Result<std::string> checkpoint();

    /// One record's line (without newline; a body stored aside is put back in). Flushed records
    /// only; NotFound past them.
    Result<std::string> read(std::uint64_t seq);
    /// The same without putting the body back: the exact bytes of the Merkle leaf.
    Result<LogLine> read_line(std::uint64_t seq);
    /// Lines first .. first + count - 1, fewer at the end.
    Result<std::vector<std::string>> read_range(std::uint64_t first, std::size_t count);
    /// Visits the flushed records from `first` on that are of one of these types, in order, with
    /// their bodies. One pass over the files, and the rest is only looked at: for a start, which
    /// may have to pass over many. Errors: Io, Corrupt, the visitor's.
    Result<void> each_of(std::uint64_t first, std::span<const RecordType> types,
                         const std::function<Result<void>(const ReadRecord&)>& visit);

    /// RFC 6962 proofs over flushed records. InvalidArgument: seq >= size or past the log.
    Result<std::vector<crypto::Digest>> inclusion_proof(std::uint64_t seq, std::uint64_t size);
    Result<std::vector<crypto::Digest>> consistency_proof(std::uint64_t first,
                                                          std::uint64_t second);
    /// One file of the log in its public form (C2SP tlog-tiles), as far as the newest checkpoint
    /// reaches: "checkpoint", a hash tile, an entry bundle (tile_name.h), or "blobs/<hex>". Written
    /// nowhere: made from the records. NotFound: no such file, or not covered yet.
    Result<std::string> public_file(std::string_view path);
    /// Who signs this log's checkpoints and receipts.
    [[nodiscard]] crypto::NoteVerifier verifier() const;
    [[nodiscard]] const crypto::SigningKey& key() const;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace countersign::audit
