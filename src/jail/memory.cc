#include "jail/memory.h"

#include <cerrno>
#include <cstring>
#include <sys/uio.h>

#include "sys/fd.h"

namespace countersign::jail {

Result<const Memory::Page*> Memory::page(std::uint64_t number) {
    if (last_ != nullptr && last_number_ == number) {
        return last_;
    }
    auto found = pages_.find(number);
    if (found == pages_.end()) {
        auto fresh = std::make_unique<Page>();
        iovec local{fresh->data(), kPageBytes};
        // NOLINTNEXTLINE(performance-no-int-to-ptr) an address of the other process
        iovec remote{reinterpret_cast<void*>(number * kPageBytes), kPageBytes};
        const ssize_t count = ::process_vm_readv(thread_, &local, 1, &remote, 1, 0);
        if (count != static_cast<ssize_t>(kPageBytes)) {
            const int error = count < 0 ? errno : EFAULT;
            return Error(error == EPERM ? ErrorCode::PermissionDenied : ErrorCode::InvalidArgument,
                         sys::system_error("reading the caller's memory", error).message);
        }
        found = pages_.emplace(number, std::move(fresh)).first;
    }
    last_ = found->second.get();
    last_number_ = number;
    return last_;
}

Result<std::string> Memory::string(std::uint64_t address, std::size_t bytes_max) {
    std::string out;
    while (true) {
        const Page* bytes = TRY(page(address / kPageBytes));
        const std::size_t offset = address % kPageBytes;
        const std::size_t left = kPageBytes - offset;
        const char* begin = bytes->data() + offset;
        const void* end = std::memchr(begin, 0, left);
        const std::size_t count =
            end == nullptr ? left : static_cast<std::size_t>(static_cast<const char*>(end) - begin);
        if (out.size() + count > bytes_max) {
            return Error(ErrorCode::LimitExceeded, "a word of the call is longer than " +
                                                       std::to_string(bytes_max) + " bytes");
        }
        out.append(begin, count);
        if (end != nullptr) {
            return out;
        }
        address += left;
    }
}

Result<std::vector<std::uint64_t>> Memory::pointers(std::uint64_t address, std::size_t count_max) {
    std::vector<std::uint64_t> out;
    // execve(2): on Linux a null array stands for an empty one.
    if (address == 0) {
        return out;
    }
    while (true) {
        std::uint64_t value = 0;
        std::array<char, sizeof value> raw{};
        for (std::size_t i = 0; i < raw.size(); ++i) {
            const std::uint64_t at = address + i;
            const Page* bytes = TRY(page(at / kPageBytes));
            raw[i] = (*bytes)[at % kPageBytes];
        }
        std::memcpy(&value, raw.data(), sizeof value);
        if (value == 0) {
            return out;
        }
        if (out.size() == count_max) {
            return Error(ErrorCode::LimitExceeded,
                         "the call has more than " + std::to_string(count_max) + " words");
        }
        out.push_back(value);
        address += sizeof value;
    }
}

}  // namespace countersign::jail
