#include "gate/recorder.h"

#include "base/log.h"

namespace countersign::gate {

Result<std::uint64_t> Recorder::append(const audit::Record& record, Safety safety) {
    const audit::Position position = TRY(log_.append(record));
    ++waiting_;
    durable_wanted_ = durable_wanted_ || safety == Safety::Durable;
    return position.seq;
}

Result<void> Recorder::settle() {
    if (waiting_ == 0) {
        return {};
    }
    Result<void> done = durable_wanted_ ? log_.commit() : log_.flush();
    waiting_ = 0;
    durable_wanted_ = false;
    if (!done.ok()) {
        ++epoch_;
        log::error("the audit log cannot be written, nothing is released: " + done.error().message);
    }
    return done;
}

Result<std::uint64_t> Recorder::record_written(const audit::Record& record) {
    const std::uint64_t seq = TRY(append(record, Safety::Written));
    TRY(write_appended());
    return seq;
}

Result<void> Recorder::write_appended() {
    auto flushed = log_.flush();
    if (!flushed.ok()) {
        ++epoch_;
    }
    return flushed;
}

Result<std::uint64_t> Recorder::record_now(const audit::Record& record) {
    const std::uint64_t seq = TRY(append(record, Safety::Durable));
    TRY(settle());
    return seq;
}

Result<void> Recorder::heal() {
    if (log_.healthy()) {
        return {};
    }
    return log_.heal();
}

}  // namespace countersign::gate
