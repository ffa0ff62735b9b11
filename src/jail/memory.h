// Reads the memory of a stopped process in whole pages, each once: what was looked at is what was
// decided about, even if another thread writes meanwhile. (The start is verified again after the
// kernel has taken the arguments, see exec_stop.h.)
//
// Untrusted input: every address and length comes from the agent. Not thread safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace countersign::jail {

class Memory {
public:
    explicit Memory(pid_t thread) : thread_(thread) {}

    /// The bytes up to the NUL at `address`. LimitExceeded past `bytes_max`; InvalidArgument when
    /// the memory is not there (the kernel would say EFAULT); PermissionDenied when it is closed to
    /// us (an unreadable program).
    Result<std::string> string(std::uint64_t address, std::size_t bytes_max);
    /// The same without a copy where it lies in one page; else it is put together in `room`. Valid
    /// as long as this and `room`.
    Result<std::string_view> view(std::uint64_t address, std::size_t bytes_max, std::string& room);
    /// Reads `count` pages from the one of `address` on in one call, as far as they are there: for
    /// what will be looked at anyway.
    void read_ahead(std::uint64_t address, std::size_t count);
    /// The number at `address` (8 bytes). Errors as string().
    Result<std::uint64_t> number(std::uint64_t address);
    /// The addresses of a NULL-ended array. LimitExceeded past `count_max`.
    Result<std::vector<std::uint64_t>> pointers(std::uint64_t address, std::size_t count_max);

private:
    static constexpr std::size_t kPageBytes = 4096;
    static constexpr std::size_t kAheadMax = 8;
    using Page = std::array<char, kPageBytes>;
    Result<const Page*> page(std::uint64_t number);

    pid_t thread_;
    std::unordered_map<std::uint64_t, std::unique_ptr<Page>> pages_;
    const Page* last_ = nullptr;
    std::uint64_t last_number_ = 0;
};

}  // namespace countersign::jail
