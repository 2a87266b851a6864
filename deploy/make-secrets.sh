#!/bin/sh
# Make the files in secrets/ that compose.yaml names: those that only Conclave uses with random content, the others
# empty for you to fill. What is there already stays as it is.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
# Others on this machine cannot enter the folder. The files themselves can be read by each container that is given
# one, whatever its user.
chmod 700 secrets
for name in postgres_password http_token metrics_token grafana_admin_password; do
  [ -s "secrets/$name" ] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"secrets/$name"
done
for name in openrouter_api_key telegram_bot_token slack_bot_token slack_app_token huggingface_token; do
  [ -e "secrets/$name" ] || : >"secrets/$name"
done
chmod 444 secrets/*
echo "deploy/secrets is complete; empty files switch off what they would open:"
find secrets -type f -empty | sort
