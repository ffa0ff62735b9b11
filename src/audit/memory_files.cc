#include "audit/memory_files.h"

#include <algorithm>
#include <utility>

namespace countersign::audit {
namespace {

Error injected() {
    return {ErrorCode::Io, "injected failure"};
}
Error full() {
    return {ErrorCode::Io, "No space left on device"};
}

}  // namespace

class MemoryAppendFile final : public AppendFile {
public:
    MemoryAppendFile(MemoryFiles& files, std::string path)
        : files_(files), path_(std::move(path)) {}
    Result<void> append(std::string_view bytes) override { return files_.append(path_, bytes); }
    Result<void> sync() override { return files_.sync(path_); }
    Result<void> start_sync() override {
        if (result_) {
            return Error(ErrorCode::Conflict, "a sync is under way");
        }
        result_ = files_.sync(path_);
        return {};
    }
    std::optional<Result<void>> synced() override { return std::exchange(result_, std::nullopt); }
    void wait_synced() override {}
    Result<void> truncate(std::uint64_t bytes) override { return files_.truncate(path_, bytes); }

private:
    MemoryFiles& files_;
    std::string path_;
    std::optional<Result<void>> result_;
};

class MemoryLockFile final : public LockFile {
public:
    MemoryLockFile(MemoryFiles& files, std::string path) : files_(files), path_(std::move(path)) {}
    ~MemoryLockFile() override { files_.locked_.erase(path_); }

private:
    MemoryFiles& files_;
    std::string path_;
};

void MemoryFiles::fail_call(std::size_t n, Failure failure, Repeat repeat) {
    fail_at_ = n;
    failure_ = failure;
    repeat_ = repeat;
}

MemoryFiles::Step MemoryFiles::next_step(bool sync) {
    ++calls_;
    if (fail_at_ == 0 || (fail_at_ > 1 && --fail_at_ > 0)) {
        return Step::Go;
    }
    if (repeat_ == Repeat::Once) {
        fail_at_ = 0;
    }
    switch (failure_) {
        case Failure::Clean:
            return Step::FailClean;
        case Failure::ShortWrite:
            return sync ? Step::FailClean : Step::FailShort;
        case Failure::SilentLoss:
            return sync ? Step::FailLosing : Step::FailClean;
    }
    return Step::FailClean;
}

std::uint64_t MemoryFiles::used() const {
    std::uint64_t sum = 0;
    for (const auto& [path, content] : contents_) {
        sum += content.size();
    }
    return sum;
}

Result<void> MemoryFiles::append(const std::string& path, std::string_view bytes) {
    const Step step = next_step(false);
    if (step == Step::FailShort) {
        contents_[path] += bytes.substr(0, bytes.size() / 2);
    }
    if (step != Step::Go) {
        return injected();
    }
    const std::uint64_t room = capacity_ - std::min(capacity_, used());
    contents_[path] += bytes.substr(0, room);
    if (bytes.size() > room) {
        return full();
    }
    return {};
}

Result<void> MemoryFiles::sync(const std::string& path) {
    const Step step = next_step(true);
    if (step == Step::FailLosing) {
        // As Linux did after a failed fsync: pages are marked clean, their content is not on disk.
        std::string& content = contents_[path];
        for (std::uint64_t i = synced_[path]; i < content.size(); ++i) {
            content[i] = '\0';
        }
    }
    if (step != Step::Go) {
        return injected();
    }
    synced_[path] = contents_[path].size();
    return {};
}

Result<void> MemoryFiles::truncate(const std::string& path, std::uint64_t bytes) {
    if (next_step(false) != Step::Go) {
        return injected();
    }
    contents_[path].resize(bytes);
    synced_[path] = std::min(synced_[path], bytes);
    return {};
}

Result<void> MemoryFiles::create_directory(const std::string& path) {
    if (directories_.contains(path)) {
        return {};
    }
    if (next_step(false) != Step::Go) {
        return injected();
    }
    directories_.insert(path);
    return {};
}

Result<std::vector<std::string>> MemoryFiles::list(const std::string& path) {
    if (!directories_.contains(path)) {
        return Error(ErrorCode::NotFound, path + ": no such directory");
    }
    const std::string prefix = path + "/";
    std::set<std::string> names;
    const auto take = [&](const std::string& entry) {
        if (entry.starts_with(prefix)) {
            const std::string name = entry.substr(prefix.size());
            names.insert(name.substr(0, name.find('/')));
        }
    };
    for (const auto& [name, content] : contents_) {
        take(name);
    }
    for (const std::string& name : directories_) {
        take(name);
    }
    return std::vector<std::string>(names.begin(), names.end());
}

Result<std::unique_ptr<AppendFile>> MemoryFiles::open_append(const std::string& path) {
    if (next_step(false) != Step::Go) {
        return injected();
    }
    contents_.try_emplace(path);
    return std::unique_ptr<AppendFile>(std::make_unique<MemoryAppendFile>(*this, path));
}

Result<std::string> MemoryFiles::read(const std::string& path, std::uint64_t bytes_max) {
    const auto found = contents_.find(path);
    if (found == contents_.end()) {
        return Error(ErrorCode::NotFound, path + ": no such file");
    }
    if (found->second.size() > bytes_max) {
        return Error(ErrorCode::LimitExceeded, path + ": too long");
    }
    bytes_read_ += found->second.size();
    return found->second;
}

Result<std::string> MemoryFiles::read_at(const std::string& path, std::uint64_t offset,
                                         std::size_t count) {
    const auto found = contents_.find(path);
    if (found == contents_.end()) {
        return Error(ErrorCode::NotFound, path + ": no such file");
    }
    const std::string& content = found->second;
    std::string part = offset >= content.size() ? std::string() : content.substr(offset, count);
    bytes_read_ += part.size();
    return part;
}

Result<std::uint64_t> MemoryFiles::size(const std::string& path) {
    const auto found = contents_.find(path);
    if (found == contents_.end()) {
        return Error(ErrorCode::NotFound, path + ": no such file");
    }
    return std::uint64_t{found->second.size()};
}

Result<void> MemoryFiles::replace(const std::string& path, std::string_view bytes) {
    if (next_step(false) != Step::Go) {
        return injected();
    }
    if (used() + bytes.size() > capacity_) {
        return full();
    }
    contents_[path] = std::string(bytes);
    synced_[path] = bytes.size();
    return {};
}

Result<void> MemoryFiles::write(const std::string& path, std::string_view bytes) {
    const Step step = next_step(false);
    if (step == Step::FailShort) {
        contents_[path] = std::string(bytes.substr(0, bytes.size() / 2));
    }
    if (step != Step::Go) {
        return injected();
    }
    if (used() + bytes.size() > capacity_) {
        return full();
    }
    contents_[path] = std::string(bytes);
    synced_[path] = 0;
    return {};
}

Result<void> MemoryFiles::remove(const std::string& path) {
    if (next_step(false) != Step::Go) {
        return injected();
    }
    contents_.erase(path);
    synced_.erase(path);
    return {};
}

Result<void> MemoryFiles::sync_directory(const std::string&) {
    if (next_step(true) != Step::Go) {
        return injected();
    }
    return {};
}

Result<std::unique_ptr<LockFile>> MemoryFiles::lock(const std::string& path) {
    if (!locked_.insert(path).second) {
        return Error(ErrorCode::Conflict, path + " is locked");
    }
    return std::unique_ptr<LockFile>(std::make_unique<MemoryLockFile>(*this, path));
}

void MemoryFiles::crash(std::size_t keep) {
    for (auto& [path, content] : contents_) {
        const std::uint64_t kept = synced_[path] + keep;
        content.resize(std::min<std::uint64_t>(content.size(), kept));
        synced_[path] = content.size();
    }
    fail_at_ = 0;
}

}  // namespace countersign::audit
