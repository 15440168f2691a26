#!/bin/sh
# Installs what the tests need beyond npm, on Debian or Ubuntu. Run again, it changes nothing.
set -eu

packages="ffmpeg mosquitto mosquitto-clients openssl procps util-linux systemd
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
  gstreamer1.0-libav python3-gi python3-venv gir1.2-gst-rtsp-server-1.0 chromium coturn
  debootstrap qemu-user-static xz-utils"

missing=""
for package in $packages; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
  sudo=""
  [ "$(id -u)" -eq 0 ] || sudo=sudo
  $sudo apt-get update
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y --no-install-recommends $missing
fi

# A WebRTC client of other hands than ours.
root=$(dirname "$(dirname "$(readlink -f "$0")")")
[ -x "$root/.venv/bin/pip" ] || python3 -m venv "$root/.venv"
"$root/.venv/bin/pip" install --quiet --disable-pip-version-check -r "$root/test/fixtures/requirements.txt"
