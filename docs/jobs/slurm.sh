#!/bin/bash
# A worker per array task: sbatch docs/jobs/slurm.sh
#SBATCH --job-name=highnoon
#SBATCH --array=1-20
#SBATCH --cpus-per-task=4
#SBATCH --mem=16G
#SBATCH --time=04:00:00
#SBATCH --signal=TERM@60   # a minute before the time is over, the running trial is given back
#SBATCH --requeue          # where the task is preempted
#SBATCH --open-mode=append
#SBATCH --output=highnoon-%A-%a.log

set -euo pipefail

# The database URL holds a password: keep it in a file that only you can read, as
#   export HIGHNOON_STORAGE='postgresql://user:password@db/optuna'
source "$HOME/.config/highnoon.env"

# srun, so that Slurm's signals reach the worker and not this script alone.
exec srun --cpus-per-task="$SLURM_CPUS_PER_TASK" \
    highnoon worker distributed_study --objective train:objective --total-trials 500 --wait
