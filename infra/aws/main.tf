# What an account needs once: the identity provider of GitHub Actions, and a role for each of its environments. Deploys
# make everything else.
terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

variable "app" {
  type        = string
  description = "The app's name, as in godwit.config.ts."
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,62}$", var.app))
    error_message = "Lower-case letters, digits and hyphens: it is part of the policy's patterns."
  }
}

variable "repository" {
  type        = string
  description = "owner/name on GitHub."
  validation {
    condition     = can(regex("^[\\w.-]+/[\\w.-]+$", var.repository))
    error_message = "owner/name, without a pattern: the role trusts this repository alone."
  }
}

variable "environments" {
  type        = map(string)
  description = "Environment of the workflow -> the stages that it may deploy: one, or a pattern such as pr-*."
  validation {
    condition     = alltrue([for stage in values(var.environments) : can(regex("^[a-z0-9][a-z0-9-]*[*]?$", stage))])
    error_message = "A stage, or how its name begins and a star."
  }
  default = {
    production = "production"
    preview    = "pr-*"
  }
}

variable "permissions_boundary" {
  type        = string
  description = "ARN of the policy that bounds the roles that deploys make; the same as deploy.aws.permissionsBoundary."
  default     = ""
}

variable "create_provider" {
  type        = bool
  description = "False where the account has the provider of GitHub Actions already: it takes one."
  default     = true
}

data "aws_caller_identity" "this" {}
data "aws_region" "this" {}
data "aws_partition" "this" {}

locals {
  issuer   = "token.actions.githubusercontent.com"
  account  = data.aws_caller_identity.this.account_id
  provider = "arn:${data.aws_partition.this.partition}:iam::${local.account}:oidc-provider/${local.issuer}"
}

resource "aws_iam_openid_connect_provider" "github" {
  count          = var.create_provider ? 1 : 0
  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "trust" {
  for_each = var.environments

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [local.provider]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }

    # This repository alone, and in it the environment alone. GitHub's subject names either an environment or a branch:
    # which branches reach the environment is said by its protection rules (see README.md).
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = ["repo:${var.repository}:environment:${each.key}"]
    }
  }
}

resource "aws_iam_role" "deploy" {
  for_each             = var.environments
  name                 = "godwit-deploy-${var.app}-${each.key}"
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  max_session_duration = 3600
  depends_on           = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_role_policy" "deploy" {
  for_each = var.environments
  name     = "deploy"
  role     = aws_iam_role.deploy[each.key].id
  policy = templatefile("${path.module}/${var.permissions_boundary == "" ? "policy" : "policy-bounded"}.json", {
    account  = local.account
    region   = data.aws_region.this.region
    app      = var.app
    stage    = each.value
    boundary = var.permissions_boundary
  })
}

output "roles" {
  description = "AWS_DEPLOY_ROLE of each environment."
  value       = { for name, role in aws_iam_role.deploy : name => role.arn }
}
