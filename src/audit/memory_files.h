// A disk in memory for tests and simulations, and a hostile one: it fails the n-th call, writes
// less than it was told, fills up, and forgets at a crash what was not synced.
//
// Not thread safe. Files that were opened must not outlive it.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "audit/files.h"

namespace countersign::audit {

class MemoryFiles final : public Files {
public:
    /// How a call that changes the disk fails.
    enum class Failure {
        Clean,       ///< nothing of it happened
        ShortWrite,  ///< half of the bytes were written, then the error
        SilentLoss   ///< sync only: the error, and what was dirty is gone from the cache
    };

    Result<void> create_directory(const std::string& path) override;
    Result<std::vector<std::string>> list(const std::string& path) override;
    Result<std::unique_ptr<AppendFile>> open_append(const std::string& path) override;
    Result<std::string> read(const std::string& path, std::uint64_t bytes_max) override;
    Result<std::string> read_at(const std::string& path, std::uint64_t offset,
                                std::size_t count) override;
    Result<std::uint64_t> size(const std::string& path) override;
    Result<void> replace(const std::string& path, std::string_view bytes) override;
    Result<void> write(const std::string& path, std::string_view bytes) override;
    Result<void> remove(const std::string& path) override;
    Result<void> sync_directory(const std::string& path) override;
    Result<std::unique_ptr<LockFile>> lock(const std::string& path) override;

    /// The n-th call from now on that changes the disk (1 = the next) fails; 0: none does. With
    /// `sticky` all later ones fail as well, until fail_call(0).
    enum class Repeat { Once, Sticky };
    void fail_call(std::size_t n, Failure failure, Repeat repeat = Repeat::Once);
    /// Changing calls seen since the start.
    [[nodiscard]] std::size_t calls() const { return calls_; }
    /// Bytes that read() and read_at() gave since the start.
    [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
    /// Bytes that all files together may hold; past it appends fail half-way, as a full disk does.
    void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }

    /// Power loss: each file keeps what was synced and the first `keep` bytes of what was not.
    void crash(std::size_t keep);
    /// All files, for tests that look at or change them.
    std::map<std::string, std::string>& contents() { return contents_; }

private:
    friend class MemoryAppendFile;
    friend class MemoryLockFile;
    /// What the next changing call has to do.
    enum class Step { Go, FailClean, FailShort, FailLosing };
    Step next_step(bool sync);
    Result<void> append(const std::string& path, std::string_view bytes);
    Result<void> sync(const std::string& path);
    Result<void> truncate(const std::string& path, std::uint64_t bytes);
    [[nodiscard]] std::uint64_t used() const;

    std::map<std::string, std::string> contents_;
    std::map<std::string, std::uint64_t> synced_;  ///< bytes of each file that survive a crash
    std::set<std::string> directories_;
    std::set<std::string> locked_;
    std::size_t calls_ = 0;
    std::uint64_t bytes_read_ = 0;
    std::size_t fail_at_ = 0;
    Failure failure_ = Failure::Clean;
    Repeat repeat_ = Repeat::Once;
    std::uint64_t capacity_ = UINT64_MAX;
};

}  // namespace countersign::audit
