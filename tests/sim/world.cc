#include "world.h"

#include "audit/verify.h"

namespace countersign::sim {
namespace {

/// Small segments, so that a short life closes several of them.
constexpr std::uint64_t kSegmentBytes = 64 * 1024;
constexpr std::size_t kRecordsPerRead = 256;

}  // namespace

std::uint64_t Chance::next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
}

void Chance::fill(std::span<std::byte> out) {
    for (std::byte& byte : out) {
        byte = static_cast<std::byte>(next() >> 56U);
    }
}

World::World(std::uint64_t seed)
    : random_(seed ^ 0x5bd1e995U),
      key_seed_(seed),
      policy_(std::make_shared<const policy::Policy>(policy::Policy::builtin())) {}

Result<void> World::start() {
    gate_.reset();
    log_.reset();
    clock.pass(std::chrono::milliseconds(5));
    Chance key_source(key_seed_);
    log_ = TRY(audit::Log::open(files, clock, crypto::SigningKey::generate(key_source),
                                {"/state/log", "sim/log", kSegmentBytes}));
    auto opened = gate::Gate::open({store, files, *log_, clock, random_, machine, policy_, "/state",
                                    "host", "sim", "sha256:" + std::string(64, '0'), "key"});
    if (!opened.ok()) {
        log_.reset();
        return opened.take_error();
    }
    gate_ = opened.take();
    return {};
}

void World::kill_process() {
    gate_.reset();
    log_.reset();
}

void World::lose_power(std::size_t keep) {
    kill_process();
    files.crash(keep);
}

void World::repair() {
    files.fail_call(0, audit::MemoryFiles::Failure::Clean);
    files.set_capacity(UINT64_MAX);
    store.fail_call(0);
}

Result<std::vector<audit::ReadRecord>> World::records() {
    std::vector<audit::ReadRecord> out;
    while (true) {
        const std::vector<std::string> lines = TRY(log_->read_range(out.size(), kRecordsPerRead));
        if (lines.empty()) {
            return out;
        }
        for (const std::string& line : lines) {
            audit::ReadRecord record = TRY(audit::read_record(line));
            out.push_back(std::move(record));
        }
    }
}

std::string World::fault() {
    auto report = audit::verify_log(files, "/state/log", {});
    if (!report.ok()) {
        return report.error().message;
    }
    return report->fault ? report->fault->where + ": " + report->fault->what : std::string();
}

}  // namespace countersign::sim
