// The log's inside: shared by the files that write it (log.cc) and that read it (log_read.cc).
// Internal to audit/. Not thread safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/checkpoints.h"
#include "audit/envelope.h"
#include "audit/layout.h"
#include "audit/log.h"
#include "audit/recovery.h"
#include "audit/segment_reader.h"
#include "audit/tiles.h"

namespace countersign::audit {

class Log::Impl {
public:
    Impl(Files& files, Clock& clock, crypto::SigningKey key, LogOptions options)
        : files_(files),
          clock_(clock),
          key_(std::move(key)),
          options_(std::move(options)),
          paths_(options_.directory),
          reader_(files, paths_),
          tiles_(files, paths_.tiles(),
                 [this](std::uint64_t first, std::uint64_t count) { return leaves(first, count); }),
          checkpoints_(files, paths_) {}

    Result<void> open();
    Result<Position> append(const Record& record);
    Result<void> flush();
    Result<void> commit();
    Result<void> sync_later();
    Result<void> heal();
    Result<std::string> checkpoint();
    Result<std::vector<std::string>> read_range(std::uint64_t first, std::size_t count);
    Result<void> each_of(std::uint64_t first, std::span<const RecordType> types,
                         const std::function<Result<void>(const ReadRecord&)>& visit);
    Result<LogLine> read_line(std::uint64_t seq);
    Result<std::vector<crypto::Digest>> inclusion(std::uint64_t seq, std::uint64_t size);
    Result<std::vector<crypto::Digest>> consistency(std::uint64_t first, std::uint64_t second);

    Result<std::string> public_file(std::string_view path);
    [[nodiscard]] const LogState& found() const { return found_; }
    [[nodiscard]] const std::string& trouble() const { return trouble_; }
    [[nodiscard]] std::uint64_t size() const { return head_.frontier.size(); }
    [[nodiscard]] std::uint64_t durable_size() const { return durable_; }
    [[nodiscard]] crypto::Digest root() const { return head_.frontier.root(); }
    [[nodiscard]] const crypto::SigningKey& key() const { return key_; }
    [[nodiscard]] crypto::NoteVerifier verifier() const {
        return {options_.origin, key_.public_key()};
    }

private:
    /// The end of the log at some point.
    struct Head {
        MerkleFrontier frontier;
        crypto::Digest previous;
        Instant time;
    };

    Result<void> open_directory();
    Result<void> check_key();
    Result<void> begin_log();
    Result<void> take_up(const std::vector<std::uint64_t>& segments);
    Result<void> cut_torn(const ChainEnd& end);
    Result<void> begin_segment();
    Result<void> append_line(const Record& record, Instant time, Position& position);
    Result<void> store_blob(const std::string& body, Envelope& envelope);
    Result<void> write_pending();
    Result<void> rotate();
    enum class Patience { Look, Wait };
    Result<void> end_sync(Patience patience);
    void accept();
    Error fail(Error error);
    Result<std::vector<crypto::Digest>> leaves(std::uint64_t first, std::uint64_t count);
    [[nodiscard]] SubtreeHash subtrees() {
        return [this](std::uint64_t level, std::uint64_t index) {
            return tiles_.subtree(level, index);
        };
    }

    Files& files_;
    Clock& clock_;
    crypto::SigningKey key_;
    LogOptions options_;
    LogPaths paths_;
    SegmentReader reader_;
    HashTiles tiles_;
    CheckpointFile checkpoints_;
    std::unique_ptr<LockFile> lock_;
    LogState found_;
    std::string trouble_;

    Head head_;     ///< with everything appended
    Head written_;  ///< with everything acknowledged by flush() or commit()
    std::uint64_t durable_ = 0;
    std::string pending_;  ///< appended lines that are not written yet
    std::vector<crypto::Digest> pending_leaves_;
    bool clock_behind_ = false;

    std::unique_ptr<AppendFile> active_;
    std::uint64_t segment_ = 0;        ///< first record number of the newest segment
    std::uint64_t segment_bytes_ = 0;  ///< acknowledged bytes of it
    std::uint64_t synced_bytes_ = 0;   ///< durable bytes of it
    std::string unsynced_;             ///< the bytes between the two
    /// What the fsync that is under way covers.
    struct Syncing {
        std::uint64_t bytes = 0;  ///< of the newest segment
        std::uint64_t records = 0;
    };
    std::optional<Syncing> syncing_;
};

}  // namespace countersign::audit
