// The gate's pen: puts records into the audit log and knows when they have reached the disk.
//
// Records of agents' actions are only appended; settle() then makes all of them safe at once, with
// one fsync when any of them asked for it (group commit). Nothing is released before. When settle()
// fails, everything since the last success is lost and `epoch()` changes: whoever noted an older
// epoch must not release what it decided.
//
// Not thread safe. The log must outlive it.
#pragma once

#include <cstdint>
#include <string>

#include "audit/log.h"
#include "audit/records.h"
#include "base/result.h"

namespace countersign::gate {

enum class Safety {
    Written,  ///< survives the death of this process
    Durable   ///< survives power loss
};

class Recorder {
public:
    explicit Recorder(audit::Log& log) : log_(log) {}

    /// Appends; gives the record's number. The record counts only after settle(). Errors: the
    /// log's; nothing was appended.
    Result<std::uint64_t> append(const audit::Record& record, Safety safety);
    /// Makes safe what was appended. Success as well when there is nothing to do.
    Result<void> settle();
    /// append(), and written when this returns: for what is acknowledged without a state of its own
    /// that settle() could take back. Whatever else was appended stays unsettled.
    Result<std::uint64_t> record_written(const audit::Record& record);
    /// Writes what was appended so far, as record_written() does for one.
    Result<void> write_appended();
    /// append() and settle() with Durable: for what people do.
    Result<std::uint64_t> record_now(const audit::Record& record);

    /// Whether something waits for settle().
    [[nodiscard]] bool unsettled() const { return waiting_ > 0; }
    /// Whether settle() will wait for the disk, so that it is worth waiting for company.
    [[nodiscard]] bool settles_to_disk() const { return durable_wanted_; }
    /// Changes when appended records were lost.
    [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
    [[nodiscard]] audit::Log& log() const { return log_; }
    /// Tries to repair an unhealthy log; success when it is healthy.
    Result<void> heal();

private:
    audit::Log& log_;
    std::uint64_t waiting_ = 0;
    bool durable_wanted_ = false;
    std::uint64_t epoch_ = 1;
};

}  // namespace countersign::gate
