// The world of a simulation: a gate on a disk and a store in memory that outlive it, a clock that
// is moved by hand, and the ways in which a machine fails: death of the process, loss of power,
// failing and full disks, a failing store. Everything is drawn from one seed.
//
// Not thread safe. The gate and what it gave must not be used across restart().
#pragma once

#include <map>
#include <memory>
#include <string>

#include "audit/log.h"
#include "audit/memory_files.h"
#include "crypto/keys.h"
#include "gate/gate.h"
#include "gate/test_house.h"
#include "store/memory.h"

namespace countersign::sim {

/// SplitMix64 (Steele, Lea and Flood 2014): small, and the same on each machine.
class Chance final : public Random {
public:
    explicit Chance(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next();
    /// 0 .. below - 1.
    std::size_t pick(std::size_t below) { return static_cast<std::size_t>(next() % below); }
    /// True in `per_cent` of 100.
    bool happens(int per_cent) { return pick(100) < static_cast<std::size_t>(per_cent); }
    void fill(std::span<std::byte> out) override;

private:
    std::uint64_t state_;
};

class World {
public:
    explicit World(std::uint64_t seed);

    /// A new process on the same disk and store. An error: it refuses to serve, and there is no
    /// gate until a later start() succeeds.
    Result<void> start();
    /// As SIGKILL does: what was written stays.
    void kill_process();
    /// As a cut of power does: of what was not synced an arbitrary part stays.
    void lose_power(std::size_t keep);
    /// From now on disk and store work again.
    void repair();

    [[nodiscard]] bool serving() const { return gate_ != nullptr; }
    gate::Gate& gate() { return *gate_; }
    audit::Log& log() { return *log_; }
    /// All records as they can be read now.
    Result<std::vector<audit::ReadRecord>> records();
    /// What an outsider finds wrong in the files; empty: nothing.
    std::string fault();

    gate::HandClock clock;
    gate::NotingMachine machine;
    store::MemoryStore store;
    audit::MemoryFiles files;

private:
    Chance random_;
    std::uint64_t key_seed_;
    std::shared_ptr<const policy::Policy> policy_;
    std::unique_ptr<audit::Log> log_;
    std::unique_ptr<gate::Gate> gate_;
};

}  // namespace countersign::sim
