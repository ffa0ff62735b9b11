#include "jail/memory.h"

#include <algorithm>
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
        // Filled below or thrown away: no need to clear it first.
        auto fresh = std::make_unique_for_overwrite<Page>();
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

void Memory::read_ahead(std::uint64_t address, std::size_t count) {
    std::array<std::unique_ptr<Page>, kAheadMax> fresh;
    std::array<iovec, kAheadMax> local{};
    std::array<iovec, kAheadMax> remote{};
    const std::uint64_t first = address / kPageBytes;
    count = std::min(count, kAheadMax);
    for (std::size_t i = 0; i < count; ++i) {
        fresh[i] = std::make_unique_for_overwrite<Page>();
        local[i] = {fresh[i]->data(), kPageBytes};
        // NOLINTNEXTLINE(performance-no-int-to-ptr) an address of the other process
        remote[i] = {reinterpret_cast<void*>((first + i) * kPageBytes), kPageBytes};
    }
    const ssize_t got = ::process_vm_readv(thread_, local.data(), count, remote.data(), count, 0);
    const std::size_t whole = got < 0 ? 0 : static_cast<std::size_t>(got) / kPageBytes;
    for (std::size_t i = 0; i < whole; ++i) {
        // What was looked at already stays as it was.
        pages_.emplace(first + i, std::move(fresh[i]));
    }
}

Result<std::uint64_t> Memory::number(std::uint64_t address) {
    std::uint64_t value = 0;
    std::array<char, sizeof value> raw{};
    if (address % kPageBytes <= kPageBytes - sizeof value) {
        const Page* bytes = TRY(page(address / kPageBytes));
        std::memcpy(&value, bytes->data() + address % kPageBytes, sizeof value);
        return value;
    }
    for (std::size_t i = 0; i < raw.size(); ++i) {
        const std::uint64_t at = address + i;
        const Page* bytes = TRY(page(at / kPageBytes));
        raw[i] = (*bytes)[at % kPageBytes];
    }
    std::memcpy(&value, raw.data(), sizeof value);
    return value;
}

Result<std::string> Memory::string(std::uint64_t address, std::size_t bytes_max) {
    std::string room;
    const std::string_view text = TRY(view(address, bytes_max, room));
    return room.empty() ? std::string(text) : std::move(room);
}

Result<std::string_view> Memory::view(std::uint64_t address, std::size_t bytes_max,
                                      std::string& room) {
    room.clear();
    while (true) {
        const Page* bytes = TRY(page(address / kPageBytes));
        const std::size_t offset = address % kPageBytes;
        const std::size_t left = kPageBytes - offset;
        const char* begin = bytes->data() + offset;
        const void* end = std::memchr(begin, 0, left);
        const std::size_t count =
            end == nullptr ? left : static_cast<std::size_t>(static_cast<const char*>(end) - begin);
        if (room.size() + count > bytes_max) {
            return Error(ErrorCode::LimitExceeded, "a word of the call is longer than " +
                                                       std::to_string(bytes_max) + " bytes");
        }
        if (end != nullptr && room.empty()) {
            return std::string_view(begin, count);
        }
        room.append(begin, count);
        if (end != nullptr) {
            return std::string_view(room);
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
        const std::uint64_t value = TRY(number(address));
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
