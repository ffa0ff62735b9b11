# Nothing of the person's: neither home nor other projects. What a job needs comes with its workspace.
about A job that builds and tests one checkout: sees the system's programs and the workspace only
network gated
read /bin
read /etc
read /lib
read /lib32
read /lib64
read /libx32
read /nix/store
read /opt
read /sbin
read /sys
read /usr
processes 4096
temporary 4GiB
