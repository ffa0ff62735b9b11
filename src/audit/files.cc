#include "audit/files.h"

#include "sys/background.h"
#include "sys/files.h"

namespace countersign::audit {
namespace {

constexpr std::size_t kNamesMax = 1'000'000;

class RealAppendFile final : public AppendFile {
public:
    explicit RealAppendFile(sys::Fd fd) : fd_(std::move(fd)) {}
    Result<void> append(std::string_view bytes) override { return sys::write_all(fd_, bytes); }
    Result<void> sync() override { return sys::sync_data(fd_); }
    Result<void> start_sync() override {
        return syncing_.start([this] { return sys::sync_data(fd_); });
    }
    std::optional<Result<void>> synced() override { return syncing_.take(); }
    void wait_synced() override { syncing_.wait(); }
    Result<void> truncate(std::uint64_t bytes) override { return sys::truncate_file(fd_, bytes); }

private:
    sys::Fd fd_;
    sys::Background syncing_;  ///< ends before the descriptor is closed
};

class RealLockFile final : public LockFile {
public:
    explicit RealLockFile(sys::FileLock lock) : lock_(std::move(lock)) {}

private:
    sys::FileLock lock_;
};

class RealFiles final : public Files {
public:
    Result<void> create_directory(const std::string& path) override {
        return sys::make_private_directory(path);
    }

    Result<std::vector<std::string>> list(const std::string& path) override {
        return sys::list_directory(path, kNamesMax);
    }

    Result<std::unique_ptr<AppendFile>> open_append(const std::string& path) override {
        sys::Fd fd = TRY(sys::open_append(path));
        return std::unique_ptr<AppendFile>(std::make_unique<RealAppendFile>(std::move(fd)));
    }

    Result<std::string> read(const std::string& path, std::uint64_t bytes_max) override {
        return sys::read_file(path, bytes_max, sys::Links::Refuse);
    }

    Result<std::string> read_at(const std::string& path, std::uint64_t offset,
                                std::size_t count) override {
        const sys::Fd fd = TRY(sys::open_read(path));
        const std::uint64_t size = TRY(sys::file_size(fd));
        if (offset >= size) {
            return std::string();
        }
        return sys::read_at(fd, offset, std::min<std::uint64_t>(count, size - offset));
    }

    Result<std::uint64_t> size(const std::string& path) override {
        const sys::Fd fd = TRY(sys::open_read(path));
        return sys::file_size(fd);
    }

    Result<void> replace(const std::string& path, std::string_view bytes) override {
        return sys::write_file_atomic(path, bytes);
    }

    Result<void> write(const std::string& path, std::string_view bytes) override {
        // What is derived may be torn by a crash; its reader checks it.
        TRY(sys::remove_file(path));
        const sys::Fd fd = TRY(sys::open_append(path));
        return sys::write_all(fd, bytes);
    }

    Result<void> remove(const std::string& path) override { return sys::remove_file(path); }

    Result<void> sync_directory(const std::string& path) override {
        return sys::sync_directory(path);
    }

    Result<std::unique_ptr<LockFile>> lock(const std::string& path) override {
        std::optional<sys::FileLock> lock =
            TRY(sys::FileLock::acquire(path, sys::FileLock::Wait::Try));
        if (!lock) {
            return Error(ErrorCode::Conflict, path + " is locked by another process",
                         "only one gateway can write a log");
        }
        return std::unique_ptr<LockFile>(std::make_unique<RealLockFile>(std::move(*lock)));
    }
};

}  // namespace

std::unique_ptr<Files> real_files() {
    return std::make_unique<RealFiles>();
}

}  // namespace countersign::audit
