// The signed tree heads of one log: the newest in `checkpoint`, all of them in `checkpoints`.
// Internal to audit/. Not thread safe; `files` must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "audit/files.h"
#include "audit/layout.h"
#include "base/result.h"
#include "crypto/note.h"

namespace countersign::audit {

class CheckpointFile {
public:
    CheckpointFile(Files& files, LogPaths paths) : files_(files), paths_(std::move(paths)) {}

    /// Reads what is there and cuts a torn last line of the history. Corrupt: the newest one is not
    /// signed by `verifier`, or is no checkpoint of that origin.
    Result<void> open(const crypto::NoteVerifier& verifier);
    /// Stores a new one durably, history first. After an error the one before stands.
    Result<void> store(const TreeHead& head, std::string_view note);

    [[nodiscard]] const std::optional<TreeHead>& newest() const { return newest_; }
    [[nodiscard]] const std::string& note() const { return note_; }

private:
    Result<std::string> last_of_history();

    Files& files_;
    LogPaths paths_;
    std::unique_ptr<AppendFile> history_;
    std::uint64_t history_bytes_ = 0;
    std::optional<TreeHead> newest_;
    std::string note_;
};

/// A checkpoint of `verifier`'s log, verified. PermissionDenied: the signature; Malformed.
Result<TreeHead> open_checkpoint(std::string_view note,
                                 const std::vector<crypto::NoteVerifier>& verifiers);

}  // namespace countersign::audit
