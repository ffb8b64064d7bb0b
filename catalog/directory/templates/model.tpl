{{%AUTOESCAPE context="HTML"}}
{{>HEAD}}
<nav class="crumbs" aria-label="Breadcrumb"><a href="/">Models</a> <span aria-hidden="true">/</span> <a href="{{VENDOR_URL}}">{{VENDOR}}</a></nav>
<section class="title">
<h1>{{NAME}}</h1>
<p class="idline"><code>{{ID}}</code></p>
<ul class="tags" aria-label="What it is and can"><li class="tag t-{{TYPE_CLASS}}">{{TYPE_NAME}}</li>{{#CAPABILITY}}<li class="tag plain">{{LABEL}}</li>{{/CAPABILITY}}</ul>
{{#DEPRECATED}}<p class="notice">Not to be used from {{DATE}} on.</p>{{/DEPRECATED}}
</section>
<dl class="facts">
{{#HEADLINE}}<div class="strong"><dt>{{LABEL}}</dt><dd>{{VALUE}} <small>{{PER}}</small></dd></div>{{/HEADLINE}}
{{#FACT}}<div><dt>{{LABEL}}</dt><dd>{{VALUE}}</dd></div>{{/FACT}}
</dl>
<h2>{{OFFERING_TOTAL}} {{OFFERING_NOUN}}</h2>
<table class="grid offerings">
<caption class="hide">Who sells {{NAME}}, and at what price</caption>
<thead><tr><th scope="col">Provider</th><th scope="col" class="num">Context</th><th scope="col" class="num">Input <small>/M</small></th><th scope="col" class="num">Output <small>/M</small></th><th scope="col" class="num">Cached input <small>/M</small></th></tr></thead>
{{#OFFERING}}<tbody>
<tr>
<th scope="row"><a class="name" href="{{PROVIDER_URL}}">{{PROVIDER}}</a><span class="id">{{OWN_ID}}</span>{{#STATUS}}<span class="tag warn">{{STATUS_NAME}}</span>{{/STATUS}}</th>
<td data-label="Context" class="num">{{CONTEXT}}</td>
{{#BY_TOKEN}}<td data-label="Input /M" class="num money">{{INPUT}}</td>
<td data-label="Output /M" class="num money">{{OUTPUT}}</td>
<td data-label="Cached input /M" class="num money">{{CACHED}}</td>{{/BY_TOKEN}}{{#BY_UNIT}}<td data-label="Price" class="num money" colspan="3">{{PRICE}} <small>{{PER}}</small></td>{{/BY_UNIT}}
</tr>
<tr class="more"><td colspan="5"><details><summary>{{COMPONENT_TOTAL}} {{COMPONENT_NOUN}}{{#HAS_TIERS}}, {{TIERS}}{{/HAS_TIERS}}</summary>
{{#VERSION}}
<p class="when">{{#ANNOUNCED}}Announced, from{{/ANNOUNCED}}{{#CURRENT}}In force since{{/CURRENT}} <time>{{SINCE}}</time>{{#SOURCED}} · {{SOURCE}}{{/SOURCED}} · <code>{{VERSION_ID}}</code></p>
<table class="components"><thead><tr><th scope="col">What</th><th scope="col">When</th><th scope="col" class="num">Price</th></tr></thead><tbody>
{{#COMPONENT}}<tr><td>{{WHAT}}</td><td>{{WHEN}}</td><td class="num money">{{PRICE}} <small>{{PER}}</small></td></tr>
{{/COMPONENT}}</tbody></table>
{{/VERSION}}
</details></td></tr>
</tbody>{{/OFFERING}}
</table>
{{>FOOT}}
