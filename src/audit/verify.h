// Offline verification of a log from its files alone: no gateway, no store. What it proves stands
// in docs/formats/record.md. Memory: proportional to what is open at a time (sessions, held
// actions), not to the log.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audit/files.h"
#include "base/result.h"
#include "crypto/cosignature.h"
#include "crypto/digest.h"
#include "crypto/note.h"

namespace countersign::audit {

struct VerifyOptions {
    /// Who may have signed checkpoints. Empty: the key that lies beside the log is believed, and
    /// the report says so; an outsider brings the key from elsewhere.
    std::vector<crypto::NoteVerifier> verifiers;
    /// Checkpoints kept elsewhere: the log must extend each of them.
    std::vector<std::string> known_checkpoints;
    /// A checkpoint up to which the caller has verified before. The log must extend it; the records
    /// that it covers are hashed and followed for what they leave open (sessions, people, held
    /// actions), but signatures of votes and of checkpoints among them are not verified again.
    std::optional<std::string> since;
    /// Who must have cosigned one of those or the newest checkpoint; the report names who did.
    std::vector<crypto::WitnessKey> witnesses;
};

/// The first thing that is wrong.
struct Fault {
    std::uint64_t seq = 0;  ///< number of the bad record, or of the first missing one
    std::string where;      ///< file name and line
    std::string what;       ///< one sentence
};

struct VerifyReport {
    std::uint64_t records = 0;
    std::uint64_t checkpoints = 0;           ///< verified; without those before `since`
    std::uint64_t checkpointed_records = 0;  ///< covered by the last checkpoint
    crypto::Digest root;
    std::optional<std::uint64_t> since;            ///< records that VerifyOptions::since covers
    std::map<std::string, std::uint64_t> by_type;  ///< without those
    std::uint64_t unknown_types = 0;  ///< of a newer version: hashes verified, content not judged
    std::uint64_t open_actions = 0;   ///< held and neither released nor refused (gateway stopped)
    std::map<std::string, std::uint64_t> witnessed_records;  ///< by witness: as many it has seen
    std::string key_source;                                  ///< "given" or "beside the log"
    std::optional<Fault> fault;                              ///< nullopt: all is well

    [[nodiscard]] bool ok() const { return !fault.has_value(); }
};

/// Errors only when the files cannot be read at all (Io, NotFound: no log there); whatever is wrong
/// with the content is a Fault in the report. Takes no lock: may run beside a gateway, and then
/// passes over a last line that is still being written.
Result<VerifyReport> verify_log(Files& files, const std::string& directory,
                                const VerifyOptions& options);

/// The report for people, several lines; the machine form as canonical JSON.
std::string report_text(const VerifyReport& report);
std::string report_json(const VerifyReport& report);

}  // namespace countersign::audit
