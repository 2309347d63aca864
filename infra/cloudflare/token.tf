# The token that CI deploys with. Needs a token of yours with "API Tokens: Edit" to run.
terraform {
  required_version = ">= 1.6"
  required_providers {
    cloudflare = {
      source  = "cloudflare/cloudflare"
      version = "~> 5.0"
    }
  }
}

variable "account_id" {
  type        = string
  description = "32 hexadecimal digits, from the dashboard's address."
}

variable "zone_ids" {
  type        = list(string)
  default     = []
  description = "Zones of cloudflare.routes and cloudflare.domains."
}

variable "account_permissions" {
  type        = list(string)
  description = "Permission groups on the account. Take out what the app does not use."
  default = [
    "Workers Scripts Write",
    "Workers KV Storage Write",
    "Workers R2 Storage Write",
    "D1 Write",
    "Queues Write",
    "Workers Observability Write",
    "Workers Tail Read",
  ]
}

data "cloudflare_account_api_token_permission_groups_list" "all" {
  account_id = var.account_id
}

locals {
  ids = { for group in data.cloudflare_account_api_token_permission_groups_list.all.result : group.name => group.id... }
}

resource "cloudflare_account_token" "deploy" {
  account_id = var.account_id
  name       = "godwit deploy"
  policies = concat(
    [{
      effect            = "allow"
      permission_groups = [for name in var.account_permissions : { id = local.ids[name][0] }]
      resources         = jsonencode({ "com.cloudflare.api.account.${var.account_id}" = "*" })
    }],
    length(var.zone_ids) == 0 ? [] : [{
      effect            = "allow"
      permission_groups = [for name in ["Workers Routes Write", "Zone Read"] : { id = local.ids[name][0] }]
      resources         = jsonencode({ for id in var.zone_ids : "com.cloudflare.api.account.zone.${id}" => "*" })
    }],
  )
}

output "token" {
  value     = cloudflare_account_token.deploy.value
  sensitive = true
}
